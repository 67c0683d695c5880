"""What a carrier is to the relay: one frozen value per file in `app.carriers`.

Everything that carriers do differently is said here as data or as a pure function; the pipeline asks no carrier's name.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from app.errors import MalformedPayload
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.personal import PersonalData
from app.verification import Scheme

__all__ = [
    "Adapter",
    "Answer",
    "Call",
    "Decision",
    "Maturity",
    "Redelivery",
    "Result",
    "each",
    "fingerprint",
    "most_specific",
]

Result = CarrierEvent | Ignored
"""What reading yields: an event, or a part that is none."""

Entry = TypeVar("Entry")

JSON: Final = frozenset({"application/json"})


class Maturity(StrEnum):
    """How well an adapter is known to be right."""

    UNCONFIRMED = "unconfirmed"  # No text of the carrier was found; made from what others wrote.
    DOCUMENTED = "documented"  # Made from the carrier's documentation or from several public receivers.
    SANDBOX = "sandbox"  # At least one example was captured from the carrier's test system.
    LIVE = "live"  # Captured examples cover every milestone, and someone owns it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer that a carrier demands instead of the relay's own."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An HTTP call that a carrier's webhook asks the relay to make, described for the worker that makes it.

    Args:
        url: Where to; its host must be one of the adapter's ``hosts``.
        method: Upper-case HTTP method.
        body: What to send.
        content_type: The body's media type.
        secret_header: The header in which the source's first secret is sent, None to send none.
        secret_prefix: What stands before the secret there, such as ``Bearer`` and a space.

    """

    url: str
    method: str = "GET"
    body: bytes = b""
    content_type: str = "application/json"
    secret_header: str | None = None
    secret_prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivery:
    """What a carrier does about webhooks that were not taken, as far as it tells; what is None is not told.

    Args:
        retries: Whether it sends by itself again what failed.
        retries_for: For how long after the first failure it does so; the last try is at the end of that time.
        history: Whether each webhook tells its parcel's whole history, so that the next one brings what is missing.
        refusals_are_final: Whether it sends again only after a fault of ours (5xx), and never after a refusal (4xx).
        ask: How its webhooks are had again on demand, as one sentence; empty where no way is documented.

    """

    retries: bool | None = None
    retries_for: timedelta | None = None
    history: bool | None = None
    refusals_are_final: bool = False
    ask: str = ""

    def describe(self) -> str:
        """Say it in words, what is not told as well."""
        tries = {
            True: "sends again what failed",
            False: "sends nothing again",
            None: "does not tell whether it retries",
        }
        history = {
            True: "each webhook tells the whole history",
            False: "each webhook tells only what is new",
            None: "does not tell whether a webhook holds the whole history",
        }
        said = tries[self.retries]
        if self.retries:
            said += f", for {_length(self.retries_for)}" if self.retries_for else ", for a time that it does not tell"
            said += ", but never after a refusal (4xx)" if self.refusals_are_final else ""
        return f"{said}; {history[self.history]}."


def _length(time: timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min" if minutes else f"{seconds} s"  # noqa: PLR2004


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What the relay knows of one carrier.

    Args:
        slug: Its name in URLs and settings, ``[a-z0-9-]``; the module is the slug with ``_`` for ``-``.
        name: Its name for people.
        documentation: Address of the page that the adapter was made from.
        maturity: How well it is known to be right.
        verification: How its webhooks prove their sender.
        milestones: What each of its codes means.
        parse: Read a verified webhook: pure, zero or more events and ignored parts. Raises `MalformedPayload`.
        ignored: Codes or kinds of message that are deliberately no events, with the reason; `parse` names the same
            code in what it yields as `Ignored`.
        methods: HTTP methods it delivers with.
        media_types: Media types it sends; a missing Content-Type is always accepted.
        identity: The sender's own id of the delivery; without one the digest of the body identifies it.
        redelivery: What it does about webhooks that were not taken.
        acknowledgement: What a stored webhook must be answered with, where that is prescribed.
        refusal_status: What a refusal is answered with, for carriers that switch an endpoint off on any 4xx.
        probe: Recognise a test call that carries no event, and answer it; None for everything else. It runs after
            verification unless ``probe_is_unsigned``.
        probe_is_unsigned: Whether test calls come without credentials.
        handshake: The call that a webhook asks for before the carrier goes on, None for every other webhook.
        enrich: The call that fetches what a webhook only points to, None for every other webhook. The answer's body
            is given to `parse` in the place of the webhook's, so `parse` reads both.
        hosts: The hosts that ``handshake`` and ``enrich`` may call.
        zone: The IANA zone of its times without offset, for documentation; `parse` names it at each reading.
        order_reference_is_vtex: Whether ``references.order_id`` may be VTEX's own order id, so that looking the
            order up is worth a call. It is verified in any case.
        personal: What personal data it sends; None where nobody said: everything that is not mapped counts as such.
        timeless: Its events carry no time, so that a repeated body means a repeated event after a day.
        fingerprint_version: Raise it when ``raw`` of its events changes on purpose.
        version: Raise it when the reading changes, so that a mapping says which adapter made it.

    """

    slug: str
    name: str
    documentation: str
    maturity: Maturity
    verification: Scheme
    milestones: Mapping[str, Milestone]
    parse: Callable[[Webhook], Iterable[Result]]
    ignored: Mapping[str, str] = field(default_factory=dict)
    methods: frozenset[str] = frozenset({"POST"})
    media_types: frozenset[str] = JSON
    identity: Callable[[Webhook], str | None] | None = None
    redelivery: Redelivery = field(default_factory=Redelivery)
    acknowledgement: Answer | None = None
    refusal_status: int | None = None
    probe: Callable[[Webhook], Answer | None] | None = None
    probe_is_unsigned: bool = False
    handshake: Callable[[Webhook], Call | None] | None = None
    enrich: Callable[[Webhook], Call | None] | None = None
    hosts: frozenset[str] = frozenset()
    zone: str | None = None
    order_reference_is_vtex: bool = False
    personal: PersonalData | None = None
    timeless: bool = False
    fingerprint_version: int = 1
    version: int = 1

    def accepts(self, media_type: str) -> bool:
        """Tell whether a body of this type is welcome; JSON's relatives count as JSON."""
        if not media_type or media_type in self.media_types:
            return True
        return media_type.endswith("+json") and "application/json" in self.media_types


class Decision(NamedTuple):
    """Which code decided, and what it means."""

    code: str
    milestone: Milestone
    unknown: str | None
    """The most specific code given when the table does not list it, None otherwise: an event's ``unknown_code``."""


def most_specific(table: Mapping[str, Milestone], *codes: str | None, derived: Iterable[str | None] = ()) -> Decision:
    """Let the first known code decide, the most specific one named first; codes that were not sent do not count.

    Args:
        table: What each code means.
        codes: The codes as sent.
        derived: Keys that the adapter makes up of several things, such as ``delivered/return``: they go first where
            the table has them, and are never reported as unknown.

    Returns:
        The deciding code, its milestone, and the most specific code sent where that one is unknown. With no known
        code: the most specific one sent and `Milestone.UNKNOWN`.

    """
    sent = [code for code in codes if code]
    unknown = sent[0] if sent and sent[0] not in table else None
    for code in (*derived, *sent):
        if code and code in table:
            return Decision(code, table[code], unknown)
    return Decision(unknown or "", Milestone.UNKNOWN, unknown)


def each(entries: Iterable[Entry], read: Callable[[Entry], Iterable[Result]]) -> Iterator[Result]:
    """Read the independent entries of a batch, so that one that cannot be read does not hold back the others.

    It is reported in its place as unreadable; so is one with an event about nothing that could be found. Where no
    entry can be read, the webhook cannot.

    Raises:
        MalformedPayload: No entry can be read; the first one's problem.

    """
    first_problem: MalformedPayload | None = None
    is_readable = False
    results: list[Result] = []
    for entry in entries:
        try:
            found = [_with_subject(result, getattr(entry, "path", "$")) for result in read(entry)]
        except MalformedPayload as problem:
            first_problem = first_problem or problem
            results.append(Ignored(reason=f"could not be read: {problem}", unreadable=True))
        else:
            results.extend(found)
            is_readable = True
    if first_problem and not is_readable:
        raise first_problem
    yield from results


def _with_subject(result: Result, path: str) -> Result:
    """Demand that an event is about something."""
    if isinstance(result, CarrierEvent) and not result.subject:
        raise MalformedPayload(path, "names no tracking number, invoice or order")
    return result


def fingerprint(adapter: Adapter, event: CarrierEvent) -> str:
    """Identify an event within its subject by a digest over the values as sent, never over what was read."""
    digest = hashlib.sha256(f"{adapter.slug}/{adapter.fingerprint_version}".encode())
    for value in event.raw:
        part = b"-" if value is None else b"+" + value.encode("utf-8", "surrogatepass")
        digest.update(len(part).to_bytes(4) + part)
    return digest.hexdigest()[:40]
