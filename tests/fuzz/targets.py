"""What strangers' bytes reach, as functions of bytes: each ends, or raises only what its reader may raise.

Hypothesis tries them in every run of the tests, atheris for as long as it is given: ``make fuzz TARGET=…``.
"""

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_network
from typing import Final

from app.adapter import Adapter
from app.carriers import adapters
from app.errors import KeyNeeded, MalformedPayload, Unverified
from app.examples import examples
from app.intake import mask
from app.model import Webhook
from app.payload import (
    form_body,
    json_body,
    json_document,
    json_or_form_body,
    maybe_json,
    query_parameters,
    read_moment,
    read_offset,
    record_body,
    text_body,
    xml_body,
)
from app.source import Source, Sources
from app.verification import Credentials, kept_signatures, verify
from app.vtex.feed import read_feed_config, read_lot
from app.vtex.hook import read_hook
from app.vtex.listing import read_page
from app.vtex.notifications import read_notification
from app.vtex.orders import read_order
from app.web.addresses import locate
from app.web.body import Incompressible, TooLarge, expand
from app.web.budgets import network_of
from app.web.peer import peer_address

__all__ = ["TARGETS", "seeds"]

_NOW: Final = datetime(2026, 3, 4, 18, 4, 31, tzinfo=UTC)
_HEADER_END: Final = b"\n\n"
_DOCUMENTS: Final = (form_body, json_body, json_or_form_body, maybe_json, query_parameters, text_body, xml_body)
_VTEX: Final = (read_feed_config, read_hook, read_lot, read_page)
_PROXIES: Final = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@cache
def _adapters() -> tuple[Adapter, ...]:
    return tuple(adapters().values())


@cache
def _sources() -> Sources:
    return Sources(
        Source(
            owner="mystore",
            accounts=("mystore",),
            adapter=adapter,
            credentials=Credentials(secrets=("an invented secret",)),
            path_key="an-invented-path-key",
            alias=f"alias-{number}",
        )
        for number, adapter in enumerate(_adapters())
    )


def webhook_of(data: bytes) -> Webhook:
    """Read a method line, headers and a body, as leniently as anything can be read."""
    head, _, body = data.partition(_HEADER_END)
    first, *lines = head.decode("latin-1").split("\n")
    path, _, query = first.partition("?")
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
    return Webhook(method="POST", path=path, query=query, headers=headers, body=body, received_at=_NOW)


def _documents(data: bytes) -> None:
    webhook = webhook_of(data)
    for read in _DOCUMENTS:
        with suppress(MalformedPayload):
            read(webhook).plain() if read is not text_body else read(webhook)  # type: ignore[union-attr]


def _records(data: bytes) -> None:
    with suppress(MalformedPayload):
        for record in record_body(webhook_of(b"/\n\n" + data[1:]), ("000", "342", data[:1].decode("latin-1"))):
            record.get(0, 40).text()


def _times(data: bytes) -> None:
    text, _, offset = data.decode("utf-8", "replace").partition("|")
    for formats in ((), ("%d/%m/%Y %H:%M",), ("%Y%m%d%H%M%S", "%d%m%Y")):
        with suppress(MalformedPayload):
            moment = read_moment(text, *formats, zone="America/Sao_Paulo", offset=offset or None)
            assert moment is None or moment.at.tzinfo is not None
    read_offset(offset)


def _verification(data: bytes) -> None:
    """Nothing that was not signed with the secret is proven, and every refusal is one of ours."""
    adapter = _adapters()[data[0] % len(_adapters())] if data else _adapters()[0]
    webhook = webhook_of(data[1:])
    for credentials in (Credentials(secrets=("an invented secret", "öther:half")), Credentials(unsigned=True)):
        with suppress(Unverified, KeyNeeded):
            verify(adapter.verification, webhook, credentials, _NOW)
            raise AssertionError(f"{adapter.slug} accepted what nobody signed")
        kept_signatures(adapter.verification, credentials, webhook)
        mask(webhook, credentials, adapter.verification.headers, "a-path-key")


def _carriers(data: bytes) -> None:
    """Every adapter reads or says that it cannot; identities and probes never fail."""
    adapter = _adapters()[data[0] % len(_adapters())] if data else _adapters()[0]
    webhook = webhook_of(data[1:])
    with suppress(MalformedPayload):
        for result in adapter.parse(webhook):
            repr(result)
    for ask in (adapter.identity, adapter.probe, adapter.handshake, adapter.enrich):
        if ask is not None:
            with suppress(MalformedPayload):
                ask(webhook)


def _addresses(data: bytes) -> None:
    text = data.decode("latin-1")
    address = locate(_sources(), text)
    assert not (address.is_right and "an-invented-path-key" not in text and "%" not in text)
    network_of(peer_address(("10.0.0.1", 1), [(b"x-forwarded-for", data)], _PROXIES))
    network_of(text)


def _vtex(data: bytes) -> None:
    for read in (read_order, read_notification):
        with suppress(MalformedPayload):
            read(data)
    with suppress(MalformedPayload, UnicodeDecodeError):
        document = json_document(data.decode())
        for reader in _VTEX:
            with suppress(MalformedPayload):
                reader(document)


def _packed(data: bytes) -> None:
    with suppress(TooLarge, Incompressible):
        assert len(expand(data, limit=4096, ratio=20)) <= 4096


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "addresses": _addresses,
    "carriers": _carriers,
    "documents": _documents,
    "packed": _packed,
    "records": _records,
    "times": _times,
    "verification": _verification,
    "vtex": _vtex,
}


def seeds(target: str) -> Iterator[bytes]:
    """Give a target what its bytes look like when they are good."""
    whole = target in {"carriers", "documents", "verification"}
    for number, adapter in enumerate(_adapters()):
        for example in examples(adapter.slug):
            webhook = example.webhook
            if target == "packed":
                yield gzip.compress(webhook.body, mtime=0)
                continue
            if not whole:
                yield webhook.body
                continue
            # Signed with a secret that the target does not know.
            bare = replace(webhook, path=f"{webhook.path}?{webhook.query}" if webhook.query else webhook.path)
            lines = [bare.path, *(f"{name}: {value}" for name, value in bare.headers)]
            head = "\n".join(lines).encode("latin-1", "replace")
            yield (bytes([number]) if target != "documents" else b"") + head + _HEADER_END + bare.body
