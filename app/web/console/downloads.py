"""Lists as files: what a list shows under the same filters, written by the operators' interface."""

import inspect
from datetime import date, datetime
from typing import Any, Final

from fastapi import Request, Response
from pydantic import TypeAdapter

from app.web.console.routing import Visitor, console_part, day_end, day_start
from app.web.ops.exporting import EXPORTS
from app.web.problems import Problem

__all__ = ["router"]

router: Final = console_part()

_DAYS: Final = {"since": day_start, "until": day_end}


@router.get("/export/{name}")
async def export(visit: Visitor, request: Request, name: str) -> Response:
    """Write a list as a file; what the list does not know of the query is left out, as the page does."""
    endpoint = EXPORTS.get(name)
    if endpoint is None:
        raise Problem("not-found", "There is no such list.")
    accepted = inspect.signature(endpoint).parameters
    asked = {key: text.strip() for key, text in request.query_params.items() if key in accepted and text.strip()}
    asked.pop("caller", None)
    zone = visit.page.zone(*([asked["account"]] if "account" in asked else []))
    filters: dict[str, Any] = {"format": "csv"}
    for key, text in asked.items():
        value: str | datetime | None = text
        if key in _DAYS:
            value = _DAYS[key](TypeAdapter(date).validate_python(text), zone)
        filters[key] = TypeAdapter(accepted[key].annotation).validate_python(value)
    return await endpoint(caller=visit.caller, **filters)
