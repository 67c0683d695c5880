"""The web application: webhooks in front, probes next, ordinary routes behind; operators' with them or apart."""

import contextlib

from starlette.types import ASGIApp, Receive, Scope, Send

from app.verification import issues_tokens
from app.web.body import Write
from app.web.budgets import Budgets
from app.web.dependencies import Dependencies
from app.web.late import Late
from app.web.parts import Part
from app.web.probes import Probes
from app.web.readiness import Readiness
from app.web.refusals import Refusals
from app.web.space import Space
from app.web.taking import Taking
from app.web.webhooks import Webhooks

__all__ = ["Application", "budgets_of", "create_app", "ops_app"]


class Application:
    """An ASGI application that is closed when its server has stopped."""

    def __init__(self, dependencies: Dependencies, budgets: Budgets, *, with_ops: bool, part: Part) -> None:
        """Take webhooks in, unless another process does, and serve probes and ordinary routes beside them."""
        self._given, limits, space = dependencies, dependencies.limits, _space(dependencies)
        self._refusals = Refusals(dependencies.store, kept=limits.refusals_kept, most_bytes=limits.refusals_bytes)
        beside, self._late = _beside(dependencies, budgets, space, with_ops=with_ops, part=part)
        taking = Taking(dependencies, self._refusals, budgets, space)
        self._webhooks = Webhooks(taking, dependencies, beside) if part.takes_webhooks else None
        self._serve: ASGIApp = self._webhooks or beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        await self._serve(scope, receive, send)

    def take(self, scope: Scope, body: bytes, write: Write) -> bool:
        """Take a request that is there whole, if that needs no task; see `app.web.protocol`."""
        return self._webhooks is not None and self._webhooks.take(scope, body, write)

    async def prepare(self) -> None:
        """Make the ordinary routes before they are asked where their first caller would not wait a second for that."""
        given = self._given
        asked_soon = given.hook_keys or any(issues_tokens(source.adapter.verification) for source in given.sources)
        if asked_soon:
            with contextlib.suppress(Exception):  # Told to whoever asks for them, who makes them try again.
                await self._late.ready()

    async def close(self) -> None:
        """Write the refusals that wait; the store must still be open."""
        await self._refusals.close()


def create_app(
    dependencies: Dependencies, budgets: Budgets | None = None, *, with_ops: bool = True, part: Part = Part.ALL
) -> Application:
    """Make the application that carriers and probes call; without ops, `ops_app` serves those on its own listener.

    Its server should know the ``budgets`` as well, so that it does not read what would be refused.
    """
    return Application(dependencies, budgets or budgets_of(dependencies), with_ops=with_ops, part=part)


def ops_app(dependencies: Dependencies, budgets: Budgets | None = None, *, part: Part = Part.ALL) -> ASGIApp:
    """Make the application of operators and scrapers, which takes no webhooks."""
    given = budgets or budgets_of(dependencies)
    return _beside(dependencies, given, _space(dependencies), with_ops=True, part=part)[0]


def budgets_of(dependencies: Dependencies) -> Budgets:
    """Make the memory of whom a listener refused."""
    limits = dependencies.limits
    wait = limits.refused_wait_seconds
    return Budgets(limits.refusals_per_minute, dependencies.clock, longest_wait_seconds=wait)


def _space(dependencies: Dependencies) -> Space:
    return Space(
        dependencies.data_folder,
        dependencies.limits.free_bytes,
        dependencies.clock,
        is_in_place=dependencies.store.is_in_place,
    )


def _beside(
    dependencies: Dependencies, budgets: Budgets, space: Space, *, with_ops: bool, part: Part
) -> tuple[Probes, Late]:
    """Make what is served beside webhooks."""

    def make() -> ASGIApp:
        from app.web.routes import ordinary_routes  # noqa: PLC0415 - this is what waits

        return ordinary_routes(dependencies, budgets, space, with_ops=with_ops, part=part)

    late = Late(make)
    return Probes(Readiness(dependencies), dependencies.metrics if with_ops else None, late), late
