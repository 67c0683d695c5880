"""Lists as files: every page after the other, streamed, so that the longest takes no more memory than a page."""

import csv
import inspect
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.store.exports import AuditListExport
from app.web.ops.access import Caller

__all__ = ["EXPORTS", "cell", "exported"]

_PAGE: Final = 500
_PAGING: Final = frozenset({"limit", "cursor"})
_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full width
_MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}

Format = Annotated[
    Literal["csv", "ndjson"],
    Query(
        description="csv has a line of names first; its texts that a spreadsheet would take for a formula begin with '."
    ),
]
Index = Callable[..., Awaitable[Any]]
Export = Callable[..., Awaitable[StreamingResponse]]
EXPORTS: Final[dict[str, Export]] = {}
"""What writes each list that can be exported, by its name."""


def exported(router: APIRouter, path: str, index: Index, item: type[BaseModel], name: str) -> None:
    """Serve a list as a file, too: by the same filters, to the same callers, read by the same function.

    Args:
        router: Where the list is served.
        path: Its path there.
        index: The route that answers with one page of it.
        item: What its pages hold.
        name: What the list is called in the audit log and in the name of the file.

    """
    signature = inspect.signature(index)
    kept = [each for each in signature.parameters.values() if each.name not in _PAGING]
    taken = inspect.Parameter("format", inspect.Parameter.KEYWORD_ONLY, default="csv", annotation=Format)

    async def export(**given: Any) -> StreamingResponse:  # noqa: ANN401 - whatever the list is filtered by
        kind: str = given.pop("format")
        caller: Caller = given["caller"]
        # Asked for before anything is written down or answered: what is refused is no export.
        first = await index(**given, limit=_PAGE, cursor=None)
        await _write_down(caller, name, kind, given)
        pages = _pages(index, given, first)
        lines = _csv(pages, item) if kind == "csv" else _ndjson(pages)
        headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}
        return StreamingResponse(lines, media_type=_MEDIA_TYPES[kind], headers=headers)

    export.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in kept), taken],
        return_annotation=StreamingResponse,
    )
    export.__name__ = f"export_{name.replace('-', '_')}"
    export.__doc__ = (
        "Write all that fits the filters, newest first, as the list shows it. It is written down in the audit log."
    )
    EXPORTS[name] = export
    router.get(
        f"{path}/export",
        summary=f"Export {name.replace('-', ' ')} as CSV or NDJSON",
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "The file, as long as it may be.",
                "content": {"text/csv": {"schema": {"type": "string"}}, "application/x-ndjson": {}},
            }
        },
    )(export)


async def _write_down(caller: Caller, name: str, kind: str, given: Mapping[str, Any]) -> None:
    asked = {key: str(value) for key, value in given.items() if key != "caller" and value is not None}
    store, now = caller.given.store, caller.given.now()
    await store.write(AuditListExport(name=name, format=kind, filters=asked, actor=caller.name, ids=store.ids, now=now))


async def _pages(index: Index, given: Mapping[str, Any], first: Any) -> AsyncIterator[tuple[BaseModel, ...]]:  # noqa: ANN401 - a page of any list
    page = first
    while True:
        yield page.items
        if page.next is None:
            return
        page = await index(**given, limit=_PAGE, cursor=page.next)


async def _csv(pages: AsyncIterator[tuple[BaseModel, ...]], item: type[BaseModel]) -> AsyncIterator[bytes]:
    names = list(item.model_fields)
    yield _lines([names])
    async for items in pages:
        shown = [each.model_dump(mode="json") for each in items]
        yield _lines([[cell(each[name]) for name in names] for each in shown])


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def cell(value: object) -> str:
    """Write a value for a spreadsheet; a text that it would take for a formula is marked as a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = "; ".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS_FORMULA) else text


async def _ndjson(pages: AsyncIterator[tuple[BaseModel, ...]]) -> AsyncIterator[bytes]:
    async for items in pages:
        yield b"".join(each.model_dump_json().encode() + b"\n" for each in items)
