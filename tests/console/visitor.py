"""Somebody who reads the console: logs in, opens pages, sends the forms that stand on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx

VOID = {"meta", "link", "img", "br", "input", "line", "path", "rect"}


class Page(HTMLParser):
    """The tags of a page and its text; every tag must be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str, name: str) -> list[str]:
        return [attributes[name] for each, attributes in self.tags if each == tag and name in attributes]

    def form(self, action: str) -> dict[str, str]:
        """Return the hidden fields of the form that is sent to an address."""
        inside: dict[str, str] | None = None
        for tag, attributes in self.tags:
            if tag == "form":
                if inside is not None:
                    break
                inside = {} if attributes.get("action") == action else None
            elif inside is not None and tag == "input" and attributes.get("type") == "hidden":
                inside[attributes["name"]] = attributes["value"]
        assert inside is not None, f"no form is sent to {action}"
        return inside


@dataclass
class Visitor:
    """A browser without scripts."""

    http: httpx.Client

    def open(self, path: str, status: int = 200, **query: Any) -> Page:
        answer = self.get(path, **query)
        assert status == answer.status_code, answer.text[:2000]
        return Page(answer.text)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(f"/console{path}", params=query or None)

    def send(
        self, path: str, fields: Mapping[str, str] | None = None, *, on: str | None = None, **more: Any
    ) -> httpx.Response:
        """Send the form that stands ``on`` a page to an address."""
        known = {} if on is None else Page(self.get(on).text).form(f"/console{path}")
        return self.http.post(f"/console{path}", data={**known, **(fields or {})}, **more)


def visiting(client: httpx.Client, token: str | None) -> Visitor:
    """Let somebody in, or only to the door."""
    visitor = Visitor(client)
    if token is not None:
        answer = visitor.send("/login", {"token": f"token-of-{token}"}, on="/login")
        assert 303 == answer.status_code, answer.text
    return visitor
