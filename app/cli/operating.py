"""The operators' interface of a running relay, as commands speak to it."""

import json
import os
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import typer

from app.cli.calls import call
from app.cli.demo import DemoFacts, read_facts
from app.cli.exits import ExitCode, stop
from app.cli.serving import base_url
from app.egress import Reply
from app.errors import CallFailed, MalformedPayload
from app.payload import json_document
from app.settings import load_settings

__all__ = ["Operators", "reach"]

_URL: Final = "RELAY_OPS_URL"
_TOKEN: Final = "RELAY_OPS_TOKEN"  # noqa: S105 - its name
_REFUSED: Final = 400
_UNAVAILABLE: Final = 503
_LONG_SECONDS: Final = 86_400.0
_LONG_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """Where a relay's operators' interface is, and the token that opens it."""

    url: str
    token: str = field(repr=False)

    def text(self, method: str, path: str, *, body: object = None, query: Mapping[str, object] | None = None) -> str:
        """Make a call and return its answer as it came; a refusal ends the command with the relay's own words."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        return self._text(method, self._address(path, query), "application/json", content, {})

    def stream(
        self,
        path: str,
        content: AsyncIterable[bytes] | bytes | None = None,
        *,
        media_type: str = "application/json",
        query: Mapping[str, object] | None = None,
    ) -> str:
        """Post something long, or what takes long, and return its answer as `text` does."""
        more = {"seconds": _LONG_SECONDS, "max_bytes": _LONG_BYTES}
        return self._text("POST", self._address(path, query), media_type, content, more)

    def _address(self, path: str, query: Mapping[str, object] | None) -> str:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return f"{self.url}/ops/v1{path}" + (f"?{urlencode(given)}" if given else "")

    def _text(
        self,
        method: str,
        url: str,
        media_type: str,
        content: AsyncIterable[bytes] | bytes | None,
        limits: Mapping[str, Any],
    ) -> str:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media_type}
        try:
            reply = call(method, url, headers, content, **limits)
        except CallFailed as error:
            advice = f"start it with `carrier-relay serve`, or say where it is with --url or {_URL}"
            raise stop(ExitCode.UNAVAILABLE, f"no relay answers at {self.url}: {error}; {advice}") from None
        text = reply.body.decode("utf-8", "replace")
        if reply.status >= _REFUSED:
            raise self._refusal(reply, text)
        return text

    def ask(self, method: str, path: str, *, body: object = None, query: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Make a call and return its answer as plain values, numbers as texts."""
        try:
            return json_document(self.text(method, path, body=body, query=query)).plain()
        except MalformedPayload:
            raise self._stranger() from None

    def _refusal(self, reply: Reply, text: str) -> typer.Exit:
        try:
            problem = json_document(text)
            kind, detail = problem["type"].text(), problem["detail"].text()
        except MalformedPayload:
            return self._stranger()
        if not kind.startswith("/problems/"):
            return self._stranger()
        code = ExitCode.UNAVAILABLE if reply.status == _UNAVAILABLE else ExitCode.FAILED
        return stop(code, f"the relay at {self.url} answered {reply.status}: {detail}")

    def _stranger(self) -> typer.Exit:
        return stop(ExitCode.FAILED, f"what answers at {self.url} is not a relay's operators' interface; see --url")


def reach(url: str | None, token: str | None) -> Operators:
    """Find the operators' interface: as named, else of the demonstration that runs here, else where it is configured.

    Raises:
        ConfigurationError: It is not named, and the configuration that would say where it is is wrong.

    """
    url, token = url or os.environ.get(_URL), token or os.environ.get(_TOKEN)
    if not url or not token:
        settings = load_settings()
        facts: DemoFacts | None = None if settings.accounts else read_facts(settings)
        url = url or (facts.ops_url if facts else base_url(settings.ops_listen or settings.listen))
        token = token or (facts.ops_token if facts and url == facts.ops_url else None)
    if not token:
        advice = f"set {_TOKEN} or give --token; `carrier-relay token new NAME --role operator` makes one"
        raise stop(ExitCode.CONFIGURATION, f"no token for {url}: {advice}")
    return Operators(url=url.rstrip("/"), token=token)
