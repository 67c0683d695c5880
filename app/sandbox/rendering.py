"""Pages made of templates: the choices of a reader, the words, the headers."""

import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from app.sandbox.fault_words import FAULT_WORDS
from app.sandbox.shop_words import SHOP_WORDS
from app.sandbox.words import WORDS, Language, moment, money

__all__ = ["STATIC_PATH", "Pages", "View", "ViewChoice"]

STATIC_PATH = "/sandbox/static"


class View:
    """What a reader chose for a page: language, live or not, account."""

    def __init__(self, lang: str = "en", live: str = "", account: str | None = None) -> None:
        """Take the choices from the query; a language that is not known is English."""
        self.language: Language = "pt" if lang == "pt" else "en"
        self.live = live == "1"
        self.account = account

    def link(self, path: str, **changes: str | None) -> str:
        """Link to a page with the same choices, except those that are changed."""
        choices = {
            "account": self.account,
            "lang": self.language if self.language != "en" else None,
            "live": "1" if self.live else None,
            **changes,
        }
        query = urlencode({name: value for name, value in choices.items() if value})
        return quote(path) + (f"?{query}" if query else "")


ViewChoice = Annotated[View, Depends(View)]


class Pages:
    """The templates, ready to be filled in."""

    def __init__(self, at_work: Callable[[], tuple[int, int]]) -> None:
        """Read them when they are first shown; every page says how many faults and failed notifications there are."""
        self._templates = _environment()
        self._at_work = at_work

    def show(
        self,
        template: str,
        view: View,
        path: str,
        status: int = HTTPStatus.OK,
        *,
        forms: bool = False,
        **values: object,
    ) -> HTMLResponse:
        """Fill a template in; only a page with ``forms`` may send any, and to this server alone."""
        words = {**WORDS[view.language], **FAULT_WORDS[view.language], **SHOP_WORDS[view.language]}
        fault_count, failing_count = self._at_work()
        text = self._templates.get_template(template).render(
            w=words,
            view=view,
            path=path,
            static=STATIC_PATH,
            fault_count=fault_count,
            failing_count=failing_count,
            **values,
        )
        return HTMLResponse(text, status_code=status, headers=_headers(forms=forms))


def _headers(*, forms: bool) -> dict[str, str]:
    target = "'self'" if forms else "'none'"
    # Everything comes from this server; there is no script, and no style inside a page.
    return {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self'; "
            f"base-uri 'none'; form-action {target}; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        # Without a referrer a browser hides the origin of a form as well, by which the sandbox knows its own.
        "Referrer-Policy": "same-origin" if forms else "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("app.sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = moment
    environment.filters["exact"] = _exact
    environment.filters["money"] = money
    environment.filters["indented"] = _indented
    environment.tests["web_address"] = _is_web_address
    return environment


def _exact(time: datetime) -> str:
    """Print the time of day of a call, to the millisecond."""
    return time.strftime("%H:%M:%S.%f")[:-3]


def _indented(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)


def _is_web_address(text: str | None) -> bool:
    return bool(text) and str(text).startswith(("https://", "http://"))
