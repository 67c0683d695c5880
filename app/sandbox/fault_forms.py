"""Faults by form: what its fields are called, which kind of fault has which, and how they become a fault."""

from collections.abc import Mapping
from dataclasses import fields

from pydantic import ValidationError

from app.sandbox.fault_schemas import UnknownRoute, read_fault
from app.sandbox.faults import KINDS, Fault

__all__ = ["BLANK_FORM", "KIND_NAMES", "RefusedForm", "fault_of_form", "kinds_with"]

_FIELDS = {str(next(each.default for each in fields(kind) if each.name == "kind")): fields(kind) for kind in KINDS}
KIND_NAMES = tuple(_FIELDS)
BLANK_FORM: Mapping[str, str] = {
    "kind": "error",
    "moment": "before",
    "seconds": "5",
    "status": "503",
    "body": "json",
    "retry_after_form": "absent",
    "retry_after_seconds": "30",
    "threshold": "5",
    "description": "Atualizado por outro sistema",
    "account": "",
    "route": "",
    "order_id": "",
    "percent": "100",
    "count": "",
    "seed": "",
}
# People think in percent; the fault has a probability.
_SHOWN_AS = {"probability": "percent"}


class RefusedForm(ValueError):
    """A form that describes no fault."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        """Name the fields to put right."""
        super().__init__(f"no fault can be made of {', '.join(fields)}")
        self.fields = fields


def kinds_with(field: str) -> str:
    """List the kinds of fault that have a field, as the page's style sheet wants them."""
    return " ".join(
        kind for kind, has in _FIELDS.items() if field in {_SHOWN_AS.get(each.name, each.name) for each in has}
    )


def fault_of_form(form: Mapping[str, str]) -> Fault:
    """Make the fault that a form describes; what the chosen kind has not is left aside.

    Raises:
        RefusedForm: It describes none.

    """
    names = {field.name for field in _FIELDS.get(form.get("kind", ""), ())}
    document: dict[str, object] = {name: form[name].strip() for name in names if form.get(name, "").strip()}
    document["kind"] = form.get("kind")
    if "probability" in names and (percent := form.get("percent", "").strip()):
        document["probability"] = _share(percent)
    if document.get("retry_after_form") == "absent":
        document.pop("retry_after_form")
        document.pop("retry_after_seconds", None)
    try:
        return read_fault(document)
    except UnknownRoute:
        raise RefusedForm(("route",)) from None
    except ValidationError as error:
        # A place is the kind and then the field; a kind that there is not has no place.
        places = {str(problem["loc"][-1]) if problem["loc"] else "kind" for problem in error.errors()}
        refused = {_SHOWN_AS.get(place, place) for place in places}
        raise RefusedForm(tuple(name for name in BLANK_FORM if name in refused)) from None


def _share(percent: str) -> float | str:
    try:
        return float(percent) / 100
    except ValueError:
        return percent
