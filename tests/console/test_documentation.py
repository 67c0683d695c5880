"""The console's page says what there is."""

import re

from fastapi.routing import APIRoute

from app.web.console.pages import PARTS
from tests.documents import DOCS

UNLISTED = {"/console/login", "/console/static/{name}", "/console/{path:path}", "/console/webhooks/{id}/body"}


def test_every_page_is_documented_and_nothing_else_is() -> None:
    listed = re.findall(r"^\| `(/console\S*)` \|", (DOCS / "console.md").read_text("utf-8"), re.MULTILINE)
    routes = [route for part in PARTS for route in part.routes if isinstance(route, APIRoute)]

    assert set(listed) == {route.path for route in routes if "GET" in (route.methods or ())} - UNLISTED
