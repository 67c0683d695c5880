"""The operators' interface, `/ops/v1`: everything that console and commands do is done here."""

from typing import Final

from fastapi import APIRouter

from app.web.ops.accounts import router as _accounts
from app.web.ops.activity import router as _activity
from app.web.ops.backfills import router as _backfills
from app.web.ops.comparison import router as _comparison
from app.web.ops.corrections import router as _corrections
from app.web.ops.erasing import router as _erasing
from app.web.ops.gaps import router as _gaps
from app.web.ops.hooks import router as _hooks
from app.web.ops.imports import router as _imports
from app.web.ops.overrides import router as _overrides
from app.web.ops.parked import router as _parked
from app.web.ops.privacy import router as _privacy
from app.web.ops.quiet import router as _quiet
from app.web.ops.redriving import router as _redriving
from app.web.ops.refusals import router as _refusals
from app.web.ops.replays import router as _replays
from app.web.ops.rhythm import router as _rhythm
from app.web.ops.search import router as _search
from app.web.ops.shipments import router as _shipments
from app.web.ops.sources import router as _sources
from app.web.ops.tokens import router as _tokens
from app.web.ops.told import router as _told
from app.web.ops.webhooks import router as _webhooks

__all__ = ["router"]

router: Final = APIRouter(prefix="/ops/v1")
for _part in (
    _webhooks,
    _refusals,
    _told,
    _imports,
    _quiet,
    _shipments,
    _search,
    _redriving,
    _accounts,
    _hooks,
    _erasing,
    _privacy,
    _comparison,
    _parked,
    _sources,
    _backfills,
    _replays,
    _overrides,
    _activity,
    _rhythm,
    _gaps,
    _tokens,
    _corrections,
):
    router.include_router(_part)
