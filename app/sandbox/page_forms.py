"""Forms of the sandbox's pages: read, and known to come from the pages themselves."""

import secrets
from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request

__all__ = ["PageForms"]

_MAX_FIELDS = 40


class PageForms:
    """The token that only this sandbox's pages know.

    No page of another site can send a form from the browser of whoever runs the sandbox.
    """

    def __init__(self) -> None:
        """Draw the token."""
        self.token = secrets.token_urlsafe(32)

    async def read(self, request: Request) -> dict[str, str]:
        """Read a form's fields; what is no form has none."""
        body = (await request.body()).decode(errors="replace")
        try:
            return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
        except ValueError:
            return {}

    def is_ours(self, request: Request, form: Mapping[str, str]) -> bool:
        """Tell whether a form was sent from one of these pages, as far as its browser says and by its token."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        host = request.headers.get("host", "")
        if urlsplit(request.headers.get("origin", f"//{host}")).netloc != host:
            return False
        return compare_digest(form.get("token", "").encode(), self.token.encode())
