"""Proceda OCOREN: a file of fixed-width records, with the occurrences of many invoices and no tracking number at all.

Sources read 2026-11-23. This is layout 3.x, of 120 characters a record. Customers post the files that their carriers
send them; the credential is one that the customer sets.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects import ocoren
from app.model import CarrierEvent, Ignored, Milestone, Moment, References, Webhook
from app.payload import Maybe, Record, record_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, Bearer, StaticHeader

ZONE = "America/Sao_Paulo"

MILESTONES = ocoren.MILESTONES | {
    # Delivered, says the code; everything was refused or sent back, says the observation beside it.
    "01/refused": Milestone.FAILED_ATTEMPT,
    "02/refused": Milestone.FAILED_ATTEMPT,
    "24/refused": Milestone.FAILED_ATTEMPT,
}

# Document, carrier, occurrence, onward carrier.
RECORDS = ("340", "341", "342", "343")
OCCURRENCE = "342"
# Code, day, time of day, observation, words.
IDENTIFYING = ((28, 2), (30, 8), (38, 4), (42, 2), (44, 70))
REFUSED = "01"
PARTLY_REFUSED = "02"
PERSONAL = PersonalData(
    receiver={
        Kind.FREE_TEXT: ("342[44:114]",),
    },
    plain={
        "340[0:17]": "the file's number",
        "341[0:17]": "the carrier's company",
        "342[0:44]": "the invoice, its issuer, code and time",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    records = record_body(webhook, RECORDS)
    occurrences = [record for record in records if record.text.startswith(OCCURRENCE)]
    if not occurrences:
        yield Ignored(reason="a file without occurrences")
    yield from each(occurrences, _event)


def _event(record: Record) -> Iterator[CarrierEvent]:
    sent, observation = ocoren.code_of(record.at(28, 2).text()), ocoren.code_of(record.get(42, 2).text())
    refused = f"{sent}/refused" if observation == REFUSED else None
    code, milestone, unknown = most_specific(MILESTONES, sent, derived=[refused])
    words = record.get(44, 70).text()
    yield CarrierEvent(
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=_time(record),
        description=words,
        references=References(
            invoice_number=_without_filler(record.at(20, 8).text()),
            invoice_series=record.get(17, 3).text(),
            issuer=_without_filler(record.get(3, 14).text()),
        ),
        raw=tuple(record.get(*field).text() for field in IDENTIFYING),
        warnings=("part of the goods was refused",) if observation == PARTLY_REFUSED else (),
    )


def _time(record: Record) -> Moment | None:
    """Read day and time of day; the day alone where there is no time that can be read."""
    day, time = record.get(30, 8), record.get(38, 4).text()
    both = Maybe(f"{day.text()} {time}", day.path)
    return (both.moment("%d%m%Y %H%M", zone=ZONE) if time else None) or day.moment("%d%m%Y", zone=ZONE)


def _without_filler(text: str | None) -> str | None:
    """Return a number, None where its field is filled with zeros."""
    return text if text and text.strip("0") else None


ADAPTER = Adapter(
    slug="proceda-ocoren",
    name="Proceda OCOREN",
    documentation="https://ajuda.intelipost.com.br/pt-BR/articles/5527510-manual-ocoren-3-1",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf((Bearer(), StaticHeader(header="x-api-key"), Basic())),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False, ask="Post the OCOREN files of that time again, as they came."),
    media_types=frozenset({"text/plain", "application/octet-stream", "application/x-www-form-urlencoded"}),
    zone=ZONE,
)
