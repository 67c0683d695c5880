"""What all pages share: who may see them, how forms come in, and what a refusal looks like to people."""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hmac import compare_digest
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from app.errors import RelayError
from app.telemetry import log_event
from app.web.catalogue import CATALOGUE
from app.web.console import sessions
from app.web.console.rendering import HEADERS, Page, link, page_of
from app.web.dependencies import Role
from app.web.ops.access import Caller, demand_role, given
from app.web.problems import RETRY_AFTER_SECONDS, Problem, refuse_unexpected, slug_of

__all__ = [
    "Form",
    "FormOf",
    "Search",
    "Visit",
    "Visitor",
    "back_to",
    "console_part",
    "day_end",
    "day_start",
    "demanded",
    "is_ours",
    "read_form",
]

_LOGGER: Final = logging.getLogger(__name__)
_MAX_FIELDS: Final = 40
_AGAIN: Final = "again"


class _LoggedOut(Exception):
    """Nobody is logged in."""


class Listed(Protocol):
    """A page of what the operators' interface lists."""

    @property
    def items(self) -> Sequence[Any]:
        """What is listed."""

    @property
    def next(self) -> str | None:
        """Where the list goes on; None at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of somebody who is logged in."""

    caller: Caller
    page: Page

    def demand(self, role: Role) -> None:
        """Refuse who has not the role, as the operators' interface does."""
        demand_role(self.caller.token, role)

    def proof(self, carrier: str, scheme: str) -> str:
        """Say in words what proved a sender; by the scheme's name where the carrier has another one by now."""
        adapter = self.caller.given.sources.carriers.get(carrier)
        if adapter is None or type(adapter.verification).__name__ != scheme:
            return scheme
        return adapter.verification.describe()

    @property
    def owners(self) -> tuple[str, ...]:
        """Name the accounts and groups whose webhooks the reader may see."""
        if self.caller.owners is not None:
            return self.caller.owners
        given = self.caller.given
        return tuple(sorted(given.accounts | {source.owner for source in given.sources}))

    @property
    def carriers(self) -> tuple[str, ...]:
        """Name the carriers that the reader may see webhooks of."""
        owners = self.owners
        return tuple(sorted({source.adapter.slug for source in self.caller.given.sources if source.owner in owners}))

    def show(self, template: str, **values: Any) -> HTMLResponse:  # noqa: ANN401 - whatever the template shows
        """Show a page."""
        return self.page.show(template, **values)

    def show_list(
        self,
        template: str,
        search: "Search",
        listed: Listed,
        **values: Any,  # noqa: ANN401
    ) -> HTMLResponse:
        """Show a page of a list, what was looked for, and the sources that may be chosen."""
        return self.show(
            template,
            search=search,
            items=listed.items,
            next=listed.next,
            owners=self.owners,
            carriers=self.carriers,
            **values,
        )


async def _visit(request: Request) -> Visit:
    dependencies = given(request)
    logged_in = await sessions.find(request, dependencies)
    if logged_in is None:
        raise _LoggedOut
    request.state.logged_in = logged_in
    return Visit(caller=logged_in.caller, page=page_of(request, dependencies, logged_in))


Visitor = Annotated[Visit, Depends(_visit)]


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form that came from a page of this session."""

    fields: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """Return a field without spaces around it, None when it is empty."""
        return self.fields.get(name, "").strip() or None


def demanded(form: Form, name: str) -> str:
    """Return a field that must be filled in."""
    text = form.get(name)
    if text is None:
        raise Problem("invalid-request", f"{name}: is empty. Go back, fill it in, and send the form again.")
    return text


async def read_form(request: Request) -> Mapping[str, str]:
    """Read a form's fields; what is no form has none."""
    body = (await request.body()).decode(errors="replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return {}


def is_ours(request: Request, sent: str, expected: str) -> bool:
    """Tell whether a form came from one of our pages, by its token and by what browsers say themselves."""
    from_here = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    return compare_digest(sent.encode(), expected.encode()) and from_here


async def _form(request: Request, visit: Visitor) -> Form:
    fields = await read_form(request)
    if not is_ours(request, fields.get("form_token", ""), visit.page.form_token):
        raise Problem("forbidden", "This form did not come from a page of this session. Open the page again.")
    return Form(fields)


FormOf = Annotated[Form, Depends(_form)]


class Search(BaseModel):
    """What a reader looks for; a field that was left empty is not asked for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    cursor: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, values: Any) -> Any:  # noqa: ANN401 - whatever came
        if not isinstance(values, Mapping):
            return values
        told = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in told.items() if value not in {"", None}}

    @property
    def is_narrowed(self) -> bool:
        """Tell whether anything is left out."""
        return any(value is not None for name, value in self if name != "cursor")


def day_start(day: date | None, zone: ZoneInfo) -> datetime | None:
    """Return when a day begins."""
    return None if day is None else datetime.combine(day, time(), zone)


def day_end(day: date | None, zone: ZoneInfo) -> datetime | None:
    """Return when a day is over."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), zone)


class _ConsoleRoute(APIRoute):
    """Answer people in pages: also when something is refused, or nobody is logged in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        inner: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await inner(request)
            except _LoggedOut:
                return _to_login(request)
            except Problem as problem:
                return _refusal(request, problem.slug, problem.detail)
            except (RequestValidationError, ValidationError) as error:
                return _refusal(request, "invalid-request", _wrong_fields(error))
            except RelayError as error:
                slug = slug_of(error)
                detail = f"{error}."
                if slug == "unexpected":
                    _, detail = refuse_unexpected(error, path=request.url.path)
                return _refusal(request, slug, detail)

        return answer


def console_part() -> APIRouter:
    """Make a router for some of the pages."""
    return APIRouter(
        prefix="/console", include_in_schema=False, route_class=_ConsoleRoute, default_response_class=HTMLResponse
    )


def back_to(address: str, done: str | None = None) -> RedirectResponse:
    """Lead to a page after a form was taken; ``done`` says there what was done."""
    return RedirectResponse(link(address, done=done) if done else address, HTTPStatus.SEE_OTHER, headers=HEADERS)


def _to_login(request: Request) -> Response:
    """Lead to the login; a link from elsewhere comes without its cookie, and is followed once more from here."""
    asked = {name: value for name, value in request.query_params.items() if name != _AGAIN}
    from_elsewhere = request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    # Once only: a browser that has no cookie at all would go on for ever.
    if request.method == "GET" and from_elsewhere and _AGAIN not in request.query_params:
        page = page_of(request, given(request), None)
        return page.show("again.html", address=link(request.url.path, **{**asked, _AGAIN: "1"}))
    back = link(request.url.path, **asked) if request.method == "GET" and request.url.path != "/console" else None
    return RedirectResponse(link("/console/login", next=back), HTTPStatus.SEE_OTHER, headers=HEADERS)


def _refusal(request: Request, slug: str, detail: str) -> Response:
    kind = CATALOGUE[slug]
    page = page_of(request, given(request), getattr(request.state, "logged_in", None))
    log_event(_LOGGER, "console.refused", path=request.url.path, reason=slug)
    answer = page.show("refused.html", kind.status, kind=kind, detail=detail)
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _wrong_fields(error: RequestValidationError | ValidationError) -> str:
    """Name the fields that are wrong; what was sent in them is not repeated."""
    told = [f"{'.'.join(map(str, each['loc'])) or 'form'}: {each['msg']}" for each in error.errors()]
    return "; ".join(told) + "."
