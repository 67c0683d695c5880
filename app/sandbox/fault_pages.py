"""The page on which a person lists, adds and removes faults."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.sandbox.fault_forms import BLANK_FORM, KIND_NAMES, RefusedForm, fault_of_form, kinds_with
from app.sandbox.fault_schemas import route_names
from app.sandbox.page_forms import PageForms
from app.sandbox.rendering import Pages, View, ViewChoice
from app.sandbox.state import Sandbox

__all__ = ["fault_page_router"]

_PATH = "/faults"


def fault_page_router(sandbox: Sandbox, pages: Pages, forms: PageForms) -> APIRouter:
    """Make the page and what its forms are sent to."""
    router = APIRouter(prefix=_PATH, include_in_schema=False, default_response_class=HTMLResponse)

    def show(
        view: View, form: Mapping[str, str], status: int = HTTPStatus.OK, refused: tuple[str, ...] = ()
    ) -> Response:
        shown = _shown(sandbox, form)
        forged = status == HTTPStatus.FORBIDDEN
        return pages.show(
            "faults.html", view, _PATH, status, forms=True, token=forms.token, forged=forged, refused=refused, **shown
        )

    def done(view: View) -> Response:
        return RedirectResponse(view.link(_PATH), HTTPStatus.SEE_OTHER)

    @router.get("")
    async def faults_page(view: ViewChoice) -> Response:
        """List the faults at work, above a form for another."""
        return show(view, {})

    @router.post("")
    async def add_fault(request: Request, view: ViewChoice) -> Response:
        """Put a fault to work."""
        form = await forms.read(request)
        if not forms.is_ours(request, form):
            return show(view, form, HTTPStatus.FORBIDDEN)
        try:
            sandbox.faults.add(fault_of_form(form))
        except RefusedForm as refused:
            return show(view, form, HTTPStatus.UNPROCESSABLE_ENTITY, refused.fields)
        return done(view)

    @router.post("/remove")
    async def remove_fault(request: Request, view: ViewChoice) -> Response:
        """Take one fault back, or all of them; one that is gone already is no mistake."""
        form = await forms.read(request)
        if not forms.is_ours(request, form):
            return show(view, {}, HTTPStatus.FORBIDDEN)
        _remove(sandbox, form.get("id", ""))
        return done(view)

    return router


def _shown(sandbox: Sandbox, form: Mapping[str, str]) -> dict[str, object]:
    return {
        "faults": list(sandbox.faults),
        "form": {**BLANK_FORM, **form},
        "kinds": KIND_NAMES,
        "kinds_with": kinds_with,
        "routes": route_names(),
        "accounts": sandbox.accounts,
    }


def _remove(sandbox: Sandbox, fault_id: str) -> None:
    if fault_id == "all":
        sandbox.faults.clear()
    elif fault_id.isascii() and fault_id.isdecimal():
        sandbox.faults.remove(int(fault_id))
