"""All pages, and the files that they are made with."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

from app.web.console.accounts import router as _accounts
from app.web.console.auditing import router as _auditing
from app.web.console.codes import router as _codes
from app.web.console.downloads import router as _downloads
from app.web.console.login import router as _login
from app.web.console.orders import router as _orders
from app.web.console.overview import router as _overview
from app.web.console.parked import router as _parked
from app.web.console.refusals import router as _refusals
from app.web.console.replays import router as _replays
from app.web.console.routing import Visitor, console_part
from app.web.console.sources import router as _sources
from app.web.console.tokens import router as _tokens
from app.web.console.told import router as _told
from app.web.console.troubles import router as _troubles
from app.web.console.webhooks import router as _webhooks
from app.web.problems import Problem

__all__ = ["PARTS", "console_router"]

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}

_files: Final = console_part()


@_files.get("/static/{name}")
async def static(name: str) -> Response:
    """Serve one of the few files."""
    if name not in _TYPES:
        raise Problem("not-found", "The console has no such file.")
    return Response((_FOLDER / name).read_bytes(), media_type=_TYPES[name], headers={"Cache-Control": "max-age=300"})


_rest: Final = console_part()


@_rest.get("/{path:path}")
async def nothing(visit: Visitor, path: str) -> Response:
    """Say that there is no such page, to who is logged in."""
    del visit, path
    raise Problem("not-found", "The console has no such page.")


PARTS: Final = (
    _files,
    _login,
    _overview,
    _orders,
    _webhooks,
    _told,
    _downloads,
    _troubles,
    _parked,
    _refusals,
    _replays,
    _codes,
    _accounts,
    _sources,
    _auditing,
    _tokens,
    # Takes every address that nobody took before.
    _rest,
)
console_router: Final = APIRouter(include_in_schema=False)
for _part in PARTS:
    console_router.include_router(_part)
