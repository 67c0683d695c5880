"""The columns of an import: their names, and from the text in them to a shipment."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError

from app.vtex.orders import split_numbers
from app.web.importing.records import BadRecord
from app.web.schemas import NewShipment

__all__ = ["COLUMNS", "canonical", "nearest_column", "shipment_of"]

COLUMNS: Final[Mapping[str, str]] = {
    "account": "The VTEX account, as configured; an empty one means the account that the import names.",
    "order_id": "VTEX's order id. Needed.",
    "invoice_number": "The invoice's number exactly as VTEX has it, leading zeros kept. Needed.",
    "tracking_numbers": "The carrier's numbers, separated by ; or , or |, or by spaces where every part has 8 "
    "characters or more.",
    "invoice_key": "The access key of a Brazilian NF-e.",
    "courier": "The courier that VTEX names.",
    "invoiced_at": "When it was invoiced, with an offset: 2026-03-04T15:04:31-03:00.",
}
_ADVICE: Final = {
    "account": "name an account that is configured, or give one for the whole import",
    "order_id": "write VTEX's order id, such as 1527103869572-01",
    "invoice_number": "write it as VTEX has it, leading zeros kept",
    "tracking_numbers": "write each number once, several separated by ;",
    "invoice_key": "write the key's 44 characters as text",
    "courier": "shorten it, or leave it empty",
    "invoiced_at": "write date, time and offset: 2026-03-04T15:04:31-03:00",
}
_SPREADSHEET: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*")
_PART: Final = 8


def canonical(name: str) -> str:
    """Read a column's name as people write it: case, spaces and hyphens do not matter."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def nearest_column(name: str) -> str:
    """Say of a name that is no column's which one was probably meant."""
    wanted = canonical(name)
    begun = [column for column in COLUMNS if wanted and column.startswith(wanted)]
    found = begun or get_close_matches(wanted, COLUMNS, n=1, cutoff=0.5)
    names = ", ".join(COLUMNS)
    return f"call it {found[0]}, or leave it out" if found else f"leave it out; the columns are {names}"


def shipment_of(line: int, values: Mapping[str, Any], account: str | None) -> NewShipment:
    """Read one row.

    Raises:
        BadRecord: It is not a shipment; names the first field that is wrong.

    """
    given = {name: value for name, value in values.items() if value is not None and value != ""}
    if account is not None:
        given.setdefault("account", account)
    for name in ("account", "order_id", "invoice_number"):
        if name not in given:
            raise BadRecord(line, name, "is empty", _ADVICE[name])
    for name, value in given.items():
        if isinstance(value, str) and _SPREADSHEET.fullmatch(value.strip()):
            advice = "format the column as text before the numbers are put in, and export again"
            raise BadRecord(line, name, "a spreadsheet turned the number into scientific notation", advice)
    if "tracking_numbers" in given:
        given["tracking_numbers"] = _numbers(line, given["tracking_numbers"])
    at = given.get("invoiced_at")
    if at is not None and not (isinstance(at, str) and _TIME.fullmatch(at)):
        raise BadRecord(line, "invoiced_at", "is no time with an offset", _ADVICE["invoiced_at"])
    try:
        return NewShipment.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = str(first["loc"][0])
        raise BadRecord(line, field, _sentence(str(first["msg"])), _ADVICE[field]) from None


def _numbers(line: int, value: object) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRecord(line, "tracking_numbers", "is neither a text nor a list of texts", _ADVICE["tracking_numbers"])
    return [number for text in texts for part in split_numbers(text) for number in _by_spaces(part)]


def _by_spaces(text: str) -> list[str]:
    """Split numbers that stand side by side; carriers also print spaces inside one number."""
    parts = text.split()
    return parts if all(len(part) >= _PART for part in parts) else [text]


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")
