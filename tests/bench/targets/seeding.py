# ruff: noqa: S608 - no statement holds anything but numbers and names of this package
"""Fill databases as months of work would, by statements that both engines run."""

import asyncio
import time
from typing import Final

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.store import Store
from tests.bench.targets.load import PLACEHOLDER

__all__ = ["ACCOUNT", "fill", "known_deliveries", "registered", "stored", "waiting_shipments"]

ACCOUNT: Final = "bench"

_NUMBERS: Final = "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
_WEEK: Final = 7 * 86_400
# What the engines spell differently: a random digest, and a number with leading zeros.
_WORDS: Final = {
    "sqlite": {
        "digest": "randomblob(16)",
        "padded": "printf('%09d', i)",
        "empty": "x'7b7d'",
        "bytes_before": "CAST(",
        "bytes_after": " AS BLOB)",
        "json": "",
    },
    "postgresql": {
        "digest": "decode(md5(i::text || 'seed'), 'hex')",
        "padded": "lpad(i::text, 9, '0')",
        "empty": "'\\x7b7d'::bytea",
        "bytes_before": "convert_to(",
        "bytes_after": ", 'UTF8')",
        "json": "::json",
    },
}


def fill(url: str, *statements: str) -> None:
    """Bring a database to this release and run statements on it."""
    store = Store.open(url)
    asyncio.run(store.close())
    engine = create_engine(make_url(url.replace("postgresql:", "postgresql+psycopg:")), hide_parameters=True)
    with engine.begin() as connection:
        words = _WORDS[engine.dialect.name]
        for statement in statements:
            connection.execute(text(statement.format(**words)))
        if engine.dialect.name == "postgresql":
            connection.execute(text("ANALYZE"))
    engine.dispose()


def _counting(first: int, count: int) -> str:
    return _NUMBERS.format(first=first, last=first + count - 1)


def known_deliveries(count: int, *, state: str = "mapped") -> tuple[str, ...]:
    """Remember so many webhooks of this week; their bodies are short, their places in every index are not."""
    now = int(time.time())
    numbers, at = _counting(1, count), (now - 3600) * 1_000_000
    return (
        (
            f"{numbers}INSERT INTO webhooks (id, owner, carrier, received_at, method, path, query, headers,"
            f" peer, body_sha256, size, scheme, secret, state) SELECT i, '{ACCOUNT}', 'easypost', {at} + i, 'POST',"
            f" '/webhooks/easypost/{ACCOUNT}', '', '[]', '192.0.2.1', '', 2, 'hmac', 0, '{state}' FROM n"
        ),
        f"{numbers}INSERT INTO bodies (webhook_id, body) SELECT i, {{empty}} FROM n",
        (
            f"{numbers}INSERT INTO ledger (period, digest, webhook_id, expires_at)"
            f" SELECT {now // _WEEK}, {{digest}}, i, {at} + {35 * 86_400 * 1_000_000} FROM n"
        ),
    )


def stored(count: int, template: str) -> tuple[str, ...]:
    """Have so many webhooks that were read to no effect and can be read again, made from a template."""
    numbers, at = _counting(1, count), (int(time.time()) - 3600) * 1_000_000
    body = template.replace("'", "''").replace("{", "{{").replace("}", "}}").replace(":", "\\:")
    return (
        known_deliveries(count)[0],
        (
            f"{numbers}INSERT INTO bodies (webhook_id, body)"
            f" SELECT i, {{bytes_before}}replace('{body}', '{PLACEHOLDER}', {{padded}}){{bytes_after}} FROM n"
        ),
        f"UPDATE webhooks SET received_at = {at} + id",
    )


def registered(count: int, *, first: int = 1, due: bool = False) -> tuple[str, ...]:
    """Know so many shipments, each with its number, as parcels of the same numbers have them."""
    at = (int(time.time()) - 86_400) * 1_000_000
    numbers = _counting(first, count)
    return (
        (
            f"{numbers}INSERT INTO shipments (id, account, order_id, invoice_number, invoice_bare, origin, created_at,"
            f" due_at) SELECT i, '{ACCOUNT}', '1527' || {{padded}} || '-01', {{padded}}, i || '', 'manual', {at},"
            f" {f'{at} + i' if due else 'NULL'} FROM n"
        ),
        (
            f"{numbers}INSERT INTO numbers (account, number, shipment_id, shown, added_at)"
            f" SELECT '{ACCOUNT}', 'QX' || {{padded}} || 'BR', i, 'QX' || {{padded}} || 'BR', {at} FROM n"
        ),
    )


def waiting_shipments(count: int) -> tuple[str, ...]:
    """Have so many shipments due, each with one event to be sent."""
    at = (int(time.time()) - 7_200) * 1_000_000
    numbers = _counting(1, count)
    return (
        *registered(count, due=True),
        (
            f'{numbers}INSERT INTO subjects (id, owner, carrier, subject, numbers, "references", state, since,'
            f" created_at, placed_at) SELECT i, '{ACCOUNT}', 'easypost', 'QX' || {{padded}} || 'BR',"
            f" ('[\"QX' || {{padded}} || 'BR\"]'){{json}}, '{{{{}}}}', 'placed', {at}, {at}, {at} FROM n"
        ),
        (
            f"{numbers}INSERT INTO events (id, subject_id, fingerprint, webhook_id, received_at, code, milestone,"
            f" occurred_at, city, state, description, tracking_number, reverses, trace, warnings)"
            f" SELECT i, i, 'v1-' || i, i, {at} + i, 'in_transit',"
            f" 'IN_TRANSIT', {at}, 'Campinas', 'SP', 'Objeto coletado',"
            f" 'QX' || {{padded}} || 'BR', '[]', '{{{{}}}}', '[]' FROM n"
        ),
        f"{numbers}INSERT INTO rows (shipment_id, event_id, state) SELECT i, i, 'pending' FROM n",
    )
