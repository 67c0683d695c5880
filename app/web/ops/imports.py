"""Import of shipments: the body is taken as it arrives, and the answer tells meanwhile what is wrong with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Receive, Scope, Send

from app.web.importing import COLUMNS, BadRecord, Import
from app.web.ops.access import Operator
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/shipments", tags=["shipments"])

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
_COLUMNS: Final = "\n".join(f"- `{name}`: {meaning}" for name, meaning in COLUMNS.items())
_DESCRIPTION: Final = f"""Take in shipments by the million, each as `POST /ops/v1/shipments` would.

The body is read as fast as the store takes it, in chunks of up to 100 rows that are committed whole or not at all;
importing it again changes nothing. CSV is UTF-8, its values separated by `;`, `,` or tabs, its first line naming the
columns in any order; NDJSON has one object of the same names a line. The columns:

{_COLUMNS}

The answer is NDJSON and begins before the body has ended. Lines of `kind` `row` name a row that was not taken, what is
wrong and what to do; `progress` comes every 5,000 rows; the last one is `summary`, or `stopped` with the reason, when
the rows up to `line` are in. Of bad rows that nobody reads meanwhile the first 5,000 are told, and the others counted
as `unreported`."""
_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}
_REPORT: Final = {
    "type": "object",
    "required": ["kind"],
    "properties": {
        "kind": {"enum": ["row", "progress", "summary", "stopped"]},
        "line": {"type": "integer", "description": "Of a row its first line; else the last line that is committed."},
        "field": {"type": "string", "description": "Empty where the whole row is meant."},
        "problem": {"type": "string"},
        "advice": {"type": "string"},
        "rows": {"type": "integer", "description": "Rows that are committed: `created` and `known`."},
        "created": {"type": "integer"},
        "known": {"type": "integer"},
        "woken": {"type": "integer", "description": "Parked subjects that found their shipment."},
        "refused": {"type": "integer", "description": "Rows that were not taken."},
        "unreported": {"type": "integer"},
        "seconds": {"type": "number"},
        "reason": {"type": "string"},
        "detail": {"type": "string"},
    },
}


class _Reporting(Response):
    """Read the request and write the answer at the same time; neither waits for the other."""

    media_type = NDJSON

    def __init__(self, importing: Import, body: AsyncIterator[bytes]) -> None:
        self._importing = importing
        self._body = body
        super().__init__()
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Run the import, and tell of it."""
        running = asyncio.create_task(self._importing.run(self._body), name="import")
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for lines in self._importing.reports:
                await send({"type": "http.response.body", "body": lines, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


@router.post(
    "/import",
    summary="Import shipments from CSV or NDJSON",
    description=_DESCRIPTION,
    response_class=_Reporting,
    status_code=200,
    responses={
        200: {"description": "What came of it, as it comes", "content": {NDJSON: {"schema": _REPORT}}},
    },
    openapi_extra={"requestBody": {"required": True, "content": {CSV: _TEXT, NDJSON: _TEXT}}},
)
async def import_shipments(
    caller: Operator,
    request: Request,
    account: Annotated[str | None, Query(max_length=100, description="Of rows that name none.")] = None,
) -> Response:
    """Import shipments."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {CSV, NDJSON} or request.headers.get("content-encoding", "identity") != "identity":
        raise Problem("unsupported-media-type", f"Send {CSV} or {NDJSON}, not compressed.")
    if account is not None:
        caller.demand(account, caller.accounts)
        if account not in caller.given.accounts:
            raise Problem("unknown-account", f"account: no account of this name is configured: {account[:64]!r}.")
    importing = Import(
        caller.given, actor=caller.name, accounts=caller.accounts, account=account, is_csv=media_type == CSV
    )
    body = request.stream()
    try:
        await importing.begin(body)
    except BadRecord as bad:
        errors = [{"field": bad.field or "body", "problem": bad.problem}]
        where = f"line {bad.line}: {bad.field}: " if bad.field else f"line {bad.line}: "
        raise Problem("invalid-request", f"{where}{bad.problem}; {bad.advice}.", errors=errors) from None
    return _Reporting(importing, body)
