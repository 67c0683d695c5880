"""A webhook as the command that sends it again: for whoever wants to try it elsewhere."""

import re
import shlex
from typing import Final

from app.web import schemas
from app.web.console.texts import visible

__all__ = ["curl"]

_LONGEST: Final = 16 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# What belongs to the connection that it came over, or to proxies in between.
_LEFT_OUT: Final = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "forwarded", "via"}
)


def curl(webhook: schemas.WebhookDetail, url: str) -> str | None:
    """Write the command for a shell; None where it was not shown as it came, or is gone.

    A body that is long, or holds what a terminal would not show, is taken from the file that can be downloaded. Nothing
    in it can name a file of the reader's: ``--data-raw`` takes what begins with ``@`` as it stands.
    """
    if webhook.body is None or webhook.is_masked:
        return None
    query = f"?{webhook.query}" if webhook.query else ""
    parts = [f"curl -g -X {shlex.quote(webhook.method)} {shlex.quote(f'{url}{webhook.path}{query}')}"]
    parts += [
        f"-H {shlex.quote(f'{name}: {value}')}"
        for name, value in webhook.headers
        if _NAME.fullmatch(name) and name.lower() not in _LEFT_OUT and not name.lower().startswith("x-forwarded-")
    ]
    content = webhook.body.content
    if webhook.body.encoding == "utf-8" and len(content) <= _LONGEST and visible(content) == content:
        parts += [f"--data-raw {shlex.quote(content)}"] if content else []
    else:
        parts.append(f"--data-binary @{webhook.id}.bin")
    return " \\\n  ".join(parts)
