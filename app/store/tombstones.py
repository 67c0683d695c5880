"""What was erased and must not come back: known by keyed digests, of which nothing can be read."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Connection, or_, select

from app.model import normalise_number
from app.store.dialect import insert
from app.store.facts import Facts, keys_of
from app.store.prepared import Prepared
from app.store.privacy_schema import erasure_keys, tombstones

__all__ = ["Term", "buried", "bury", "digest_of", "erased_subjects", "is_order_erased", "without_erased"]

Term = tuple[str, str, str]
"""What was erased: its kind (order, number, key, subject), whose it is, and its value as it is compared."""

_ERASABLE: Final = frozenset({"number", "key", "order"})
_CHUNK: Final = 500
T = TypeVar("T")
# Built once: building a statement costs more than running it, and this one runs with every webhook.
_KEYS: Final = Prepared(select(erasure_keys.c.secret))


def digest_of(secret: bytes, term: Term) -> bytes:
    """Return under what a term is known."""
    return hmac.digest(secret, "\0".join(term).encode("utf-8", "surrogatepass"), "sha256")


def bury(connection: Connection, terms: Collection[Term], *, now: datetime, numbers_until: datetime) -> bytes:
    """Let nothing in any more about some terms; return the key that their digests were made with."""
    row = connection.execute(select(erasure_keys).order_by(erasure_keys.c.id).limit(1)).one_or_none()
    if row is None:
        secret = secrets.token_bytes(32)
        key_id = hashlib.sha256(secret).hexdigest()[:16]
        connection.execute(erasure_keys.insert().values(id=key_id, secret=secret))
    else:
        key_id, secret = row.id, bytes(row.secret)
    entries = [
        {
            "digest": digest_of(secret, term),
            "key_id": key_id,
            "erased_at": now,
            # Carriers use numbers again, and so do subjects that are numbers; orders and invoices are never others'.
            "expires_at": numbers_until if term[0] == "number" or term[2].startswith("number:") else None,
        }
        for term in sorted(terms)
    ]
    if entries:
        fresh = insert(connection, tombstones)
        again = {"erased_at": fresh.excluded.erased_at, "expires_at": fresh.excluded.expires_at}
        connection.execute(fresh.on_conflict_do_update(index_elements=["digest"], set_=again), entries)
    return secret


def buried(connection: Connection, terms: Iterable[Term], now: datetime) -> set[Term]:
    """Return those of some terms that were erased."""
    keys = _keys(connection)
    wanted = {digest_of(secret, term): term for secret in keys for term in terms}
    digests = sorted(wanted)
    found: set[Term] = set()
    for start in range(0, len(digests), _CHUNK):
        lasting = or_(tombstones.c.expires_at.is_(None), tombstones.c.expires_at > now)
        known = select(tombstones.c.digest).where(tombstones.c.digest.in_(digests[start : start + _CHUNK]), lasting)
        found |= {wanted[bytes(digest)] for digest in connection.execute(known).scalars()}
    return found


def erased_subjects(
    connection: Connection,
    owner: str,
    carrier: str,
    accounts: Sequence[str],
    known: Mapping[str, Facts],
    now: datetime,
) -> set[str]:
    """Return those of a source's subjects that are about something erased, by whatever they are known."""
    secrets_kept = _keys(connection)
    if not secrets_kept:
        return set()
    terms: dict[str, set[Term]] = {}
    for subject, facts in known.items():
        named = {(kind, account, value) for kind, value in keys_of(facts) if kind in _ERASABLE for account in accounts}
        terms[subject] = named | {("subject", f"{owner}/{carrier}", subject)}
    gone = buried(connection, set().union(*terms.values()), now)
    return {subject for subject, told in terms.items() if not gone.isdisjoint(told)}


def _keys(connection: Connection) -> list[bytes]:
    return [bytes(secret) for secret in _KEYS.scalars(connection)]


def is_order_erased(connection: Connection, account: str, order_id: str, now: datetime) -> bool:
    """Tell whether an order was erased."""
    return bool(buried(connection, [("order", account, order_id)], now))


def number_term(account: str, number: str) -> Term:
    """Name a tracking number or the key of an invoice."""
    return ("number", account, normalise_number(number))


def _key_terms(shipment: object) -> set[Term]:
    """Name the key of a shipment's invoice."""
    account, key = shipment.account, getattr(shipment, "invoice_key", None)  # type: ignore[attr-defined]
    return {("key", account, normalise_number(key))} if key else set()


def without_erased(connection: Connection, wanted: Sequence[T], now: datetime) -> list[T]:
    """Leave out shipments whose order was erased, and numbers and keys that were."""
    terms: set[Term] = set()
    for each in wanted:
        terms.add(("order", each.account, each.order_id))  # type: ignore[attr-defined]
        terms |= {number_term(each.account, number) for number in each.tracking_numbers}  # type: ignore[attr-defined]
        terms |= _key_terms(each)
    gone = buried(connection, terms, now)
    if not gone:
        return list(wanted)
    kept: list[T] = []
    for each in wanted:
        account = each.account  # type: ignore[attr-defined]
        if ("order", account, each.order_id) not in gone:  # type: ignore[attr-defined]
            numbers = tuple(
                number
                for number in each.tracking_numbers  # type: ignore[attr-defined]
                if number_term(account, number) not in gone
            )
            key = {} if gone.isdisjoint(_key_terms(each)) else {"invoice_key": None}
            kept.append(replace(each, tracking_numbers=numbers, **key))  # type: ignore[type-var]
    return kept
