"""Pages made of templates: words, times, links, headers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.web.console.languages import LANGUAGES, Language, chosen, language
from app.web.console.sessions import LoggedIn, form_token, keep_cookie, read_cookie
from app.web.console.texts import visible
from app.web.dependencies import Dependencies, Role

__all__ = ["HEADERS", "LANGUAGE_COOKIE", "Page", "page_of"]

LANGUAGE_COOKIE: Final = "relay_language"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # Without a referrer browsers hide where a form comes from as well.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("app.web.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # Whatever a template shows goes through here, whoever forgets to think of it.
    finalize=visible,
)
_UTC: Final = ZoneInfo("UTC")
_SEEN: Final = ("/console/webhooks", "/console/refusals", "/console/events", "/console/calls")
# Each with the name of its page, and the beginnings of the addresses that belong to it.
NAVIGATION: Final = (
    ("/console", "Overview", ()),
    ("/console/orders", "Orders", ("/console/orders",)),
    ("/console/webhooks", "Webhooks", _SEEN),
    ("/console/problems", "Problems", ("/console/problems", "/console/parked", "/console/codes", "/console/quiet")),
    ("/console/replays", "Replays", ("/console/replays",)),
    ("/console/accounts", "Accounts", ("/console/accounts", "/console/sources")),
    ("/console/audit", "Audit log", ("/console/audit",)),
)
FOR_ADMINS: Final = (("/console/access", "Access", ("/console/access",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What every template needs: who reads, in which language, and where."""

    request: Request
    language: Language
    logged_in: LoggedIn | None

    def show(
        self, template: str, status: int = HTTPStatus.OK, *, zone: ZoneInfo | None = None, **values: object
    ) -> HTMLResponse:
        """Fill a template in."""
        words, shown_in = self.language, zone or self.zone()
        text = _ENVIRONMENT.get_template(template).render(
            page=self,
            t=words.text,
            counted=words.counted,
            term=words.term,
            number=words.number,
            percent=words.percent,
            day=words.day,
            duration=words.duration,
            seconds=words.seconds,
            size=words.size,
            moment=lambda time, **more: words.moment(time, shown_in, **more),
            zone_name=shown_in.key.replace("_", " "),
            indented=_indented,
            link=link,
            navigation=NAVIGATION + (FOR_ADMINS if self.may("admin") else ()),
            languages=LANGUAGES,
            **values,
        )
        # Half of a surrogate pair can stand in a payload, and in no page.
        response = HTMLResponse(text.encode("utf-8", "replace"), status_code=status, headers=HEADERS)
        self._remember_language(response)
        return response

    def _remember_language(self, response: Response) -> None:
        asked = self.request.query_params.get("lang")
        if asked in LANGUAGES:
            keep_cookie(self.request, response, LANGUAGE_COOKIE, asked)

    def is_in(self, path: str, beginnings: tuple[str, ...]) -> bool:
        """Tell whether the page belongs to an entry of the navigation."""
        return self.path == path or self.path.startswith(beginnings)

    @property
    def path(self) -> str:
        """Return the address of the page without its query."""
        return self.request.url.path

    @property
    def origin(self) -> str:
        """Return where the reader's browser found this server."""
        return str(self.request.base_url).rstrip("/")

    @property
    def form_token(self) -> str:
        """Return what the page's forms send back."""
        return form_token(self.logged_in.id) if self.logged_in else ""

    def export(self, name: str) -> str:
        """Link to the file of a list, under the filters of this page."""
        query = {name: value for name, value in self.request.query_params.items() if name not in {"cursor", "lang"}}
        return link(f"/console/export/{name}", **query)

    def same(self, **changes: str | None) -> str:
        """Link to this page, its query changed a little."""
        query = {
            name: value for name, value in self.request.query_params.items() if name not in {"again", "done", "lang"}
        }
        return link(self.path, **(query | changes))

    def may(self, role: str) -> bool:
        """Tell whether the reader has a role, or more."""
        return self.logged_in is not None and self.logged_in.caller.token.role >= Role[role.upper()]

    def zone(self, *names: str) -> ZoneInfo:
        """Return the zone in which the shoppers of some accounts live, of all that may be seen unless named."""
        if self.logged_in is None:
            return _UTC
        caller = self.logged_in.caller
        accounts = {member for name in names for member in caller.given.members(name)}
        accounts = accounts or set(caller.given.accounts if caller.accounts is None else caller.accounts)
        forwarding = caller.given.forwarding
        zones = {forwarding[name].timezone for name in accounts if name in forwarding}
        return zones.pop() if len(zones) == 1 else _UTC


def page_of(request: Request, given: Dependencies, logged_in: LoggedIn | None) -> Page:
    """Start a page in the language that its reader chose, else the configured one, else the browser's."""
    wishes = (request.query_params.get("lang"), read_cookie(request, LANGUAGE_COOKIE), given.console.language)
    asked = next((wish for wish in wishes if wish in LANGUAGES), None)
    tag = asked or chosen(request.headers.get("accept-language", ""))
    return Page(request=request, language=language(tag), logged_in=logged_in)


def link(path: str, /, **query: object) -> str:
    """Make a link; what is None or empty is left out."""
    given = {name: str(value) for name, value in query.items() if value not in {None, ""}}
    text = urlencode({name: value.encode("utf-8", "replace") for name, value in given.items()})
    return quote(path.encode("utf-8", "replace"), safe="/:@") + (f"?{text}" if text else "")


def _indented(value: Mapping[str, Any] | None) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
