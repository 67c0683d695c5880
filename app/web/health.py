"""Probes and metrics as the OpenAPI document declares them; `app.web.probes` answers them before any route is asked."""

from typing import Final

from fastapi import APIRouter, Response

__all__ = ["metrics_router", "probes_router"]

probes_router: Final = APIRouter(tags=["health"])
metrics_router: Final = APIRouter(tags=["health"])


@probes_router.get("/livez", summary="Tell whether the process answers; never touches the store")
async def livez() -> dict[str, str]:  # type: ignore[empty-body]
    """Tell whether the process answers."""


@probes_router.get(
    "/readyz",
    summary="Tell whether this process can do its role",
    responses={503: {"description": "It cannot: `checks` names what failed"}},
)
async def readyz() -> Response:  # type: ignore[empty-body]
    """Answer 200 if store, disk and worker are fit, else 503.

    Accounts whose forwarding rests are listed; they never make the answer 503.
    """


@metrics_router.get(
    "/metrics",
    summary="Show the metrics in Prometheus' text format",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics() -> Response:  # type: ignore[empty-body]
    """Show the metrics."""


# Some probes ask without wanting to read.
for _path, _probe in (("/livez", livez), ("/readyz", readyz)):
    probes_router.add_api_route(_path, _probe, methods=["HEAD"], include_in_schema=False)
