"""Proceda OCOREN: a file of fixed-width records, with the occurrences of many invoices and no tracking number at all.

Sources read 2026-11-23. This is layout 3.x, of 120 characters a record. Customers post the files that their carriers
send them; the credential is one that the customer sets.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Result, each, most_specific
from app.dialects import ocoren
from app.model import CarrierEvent, Ignored, Milestone, References, Webhook
from app.payload import Maybe, Record, record_body
from app.verification import AnyOf, Basic, Bearer, StaticHeader

ZONE = "America/Sao_Paulo"

MILESTONES = ocoren.MILESTONES | {
    # Delivered, says the code; everything was refused or sent back, says the observation beside it.
    "01/refused": Milestone.FAILED_ATTEMPT,
    "02/refused": Milestone.FAILED_ATTEMPT,
    "24/refused": Milestone.FAILED_ATTEMPT,
}

DOCUMENT, CARRIER, OCCURRENCE, ONWARD = "340", "341", "342", "343"
REFUSED, PARTLY_REFUSED = "01", "02"


def parse(webhook: Webhook) -> Iterator[Result]:
    records = record_body(webhook, {DOCUMENT, CARRIER, OCCURRENCE, ONWARD})
    occurrences = [record for record in records if record.text.startswith(OCCURRENCE)]
    if not occurrences:
        yield Ignored(reason="a file without occurrences")
    yield from each(occurrences, _event)


def _event(record: Record) -> Iterator[Result]:
    number = record.at(20, 8).text()
    if not number.strip("0"):
        yield Ignored(reason=f"could not be read: {number.path} names no invoice", unreadable=True)
        return
    sent = ocoren.code_of(record.at(28, 2).text())
    observation = ocoren.code_of(record.get(42, 2).text())
    code, milestone, unknown = most_specific(
        MILESTONES, sent, derived=[f"{sent}/refused" if observation == REFUSED else None]
    )
    date, time, words = (record.get(*field).text() for field in ((30, 8), (38, 4), (44, 70)))
    yield CarrierEvent(
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=record.get(30, 12).moment("%d%m%Y%H%M", "%d%m%Y", zone=ZONE),
        description=words,
        references=References(
            invoice_number=number,
            invoice_series=record.get(17, 3).text(),
            issuer=_without_filler(record.get(3, 14)),
        ),
        raw=(sent, date, time, observation, words),
        warnings=("part of the goods was refused",) if observation == PARTLY_REFUSED else (),
    )


def _without_filler(field: Maybe) -> str | None:
    """Return a field's text, None where it is filled with zeros."""
    text = field.text()
    return text if text and text.strip("0") else None


ADAPTER = Adapter(
    slug="proceda-ocoren",
    name="Proceda OCOREN",
    documentation="https://ajuda.intelipost.com.br/pt-BR/articles/5527510-manual-ocoren-3-1",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf((Bearer(), StaticHeader(header="x-api-key"), Basic())),
    milestones=MILESTONES,
    parse=parse,
    media_types=frozenset({"text/plain", "application/octet-stream", "application/x-www-form-urlencoded"}),
    zone=ZONE,
)
