"""The web application: webhooks in front, probes next, ordinary routes behind; operators' with them or apart."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from starlette.types import ASGIApp, Receive, Scope, Send

from app import verification
from app.web.body import Write
from app.web.budgets import Budgets
from app.web.front import Front
from app.web.late import Late
from app.web.parts import Part
from app.web.probes import Probes
from app.web.readiness import Readiness
from app.web.refusals import Refusals
from app.web.space import Space
from app.web.taking import Taking
from app.web.webhooks import Webhooks

if TYPE_CHECKING:
    from app.web.dependencies import Dependencies

__all__ = ["Application", "Whole", "budgets_of", "create_app", "ops_app"]

Whole = Callable[[], Awaitable["Dependencies"]]
"""Returns everything that requests need, when it is there."""


class Application:
    """An ASGI application that is closed when its server has stopped."""

    def __init__(self, front: Front, budgets: Budgets, whole: Whole | None, *, with_ops: bool, part: Part) -> None:
        """Take webhooks in, unless another process does, and serve probes and ordinary routes beside them."""
        self._front, limits, space = front, front.limits, _space(front)
        self._refusals = Refusals(front.store, kept=limits.refusals_kept, most_bytes=limits.refusals_bytes)
        beside, self._late = _beside(front, budgets, space, whole, with_ops=with_ops, part=part)
        taking = Taking(front, self._refusals, budgets, space)
        self._webhooks = Webhooks(taking, front, beside) if part.takes_webhooks else None
        self._serve: ASGIApp = self._webhooks or beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        await self._serve(scope, receive, send)

    def take(self, scope: Scope, body: bytes, write: Write) -> bool:
        """Take a request that is there whole, if that needs no task; see `app.web.protocol`."""
        return self._webhooks is not None and self._webhooks.take(scope, body, write)

    async def prepare(self) -> None:
        """Make the ordinary routes before they are asked where their first caller would not wait a second for that."""
        front = self._front
        asked_soon = front.hook_keys or any(
            verification.issues_tokens(source.adapter.verification) for source in front.sources
        )
        if asked_soon:
            with contextlib.suppress(Exception):  # Told to whoever asks for them, who makes them try again.
                await self._late.ready()

    async def close(self) -> None:
        """Write the refusals that wait; the store must still be open."""
        await self._refusals.close()


def create_app(
    front: Front,
    budgets: Budgets | None = None,
    whole: Whole | None = None,
    *,
    with_ops: bool = True,
    part: Part = Part.ALL,
) -> Application:
    """Make the application that carriers and probes call; without ops, `ops_app` serves those on its own listener.

    Its server should know the ``budgets`` as well, so that it does not read what would be refused.

    Args:
        front: What webhooks and probes need; without ``whole`` it must be all of `Dependencies`.
        budgets: The memory of whom the listener refused.
        whole: Returns what ordinary routes need, and is waited for when they are first asked for.
        with_ops: Whether operators are served as well.
        part: What this process does.

    """
    return Application(front, budgets or budgets_of(front), whole, with_ops=with_ops, part=part)


def ops_app(
    front: Front, budgets: Budgets | None = None, whole: Whole | None = None, *, part: Part = Part.ALL
) -> ASGIApp:
    """Make the application of operators and scrapers, which takes no webhooks; see `create_app`."""
    return _beside(front, budgets or budgets_of(front), _space(front), whole, with_ops=True, part=part)[0]


def budgets_of(front: Front) -> Budgets:
    """Make the memory of whom a listener refused."""
    limits = front.limits
    wait = limits.refused_wait_seconds
    return Budgets(limits.refusals_per_minute, front.clock, longest_wait_seconds=wait)


def _space(front: Front) -> Space:
    return Space(
        front.data_folder,
        front.limits.free_bytes,
        front.clock,
        is_in_place=front.store.is_in_place,
    )


def _beside(
    front: Front, budgets: Budgets, space: Space, whole: Whole | None, *, with_ops: bool, part: Part
) -> tuple[Probes, Late]:
    """Make what is served beside webhooks."""

    def routes(given: "Dependencies") -> ASGIApp:
        from app.web.routes import ordinary_routes  # noqa: PLC0415 - this is what waits

        return ordinary_routes(given, budgets, space, with_ops=with_ops, part=part)

    async def make() -> ASGIApp:
        given = cast("Dependencies", front) if whole is None else await whole()
        # In a thread of its own: webhooks are taken in meanwhile.
        return await asyncio.to_thread(routes, given)

    late = Late(make)
    return Probes(Readiness(front), front.metrics if with_ops else None, late), late
