"""Write a request anew, by the rules."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from app.adapter import Adapter
from app.model import Webhook
from app.payload import Inner, Members, Outline, Value, outline
from app.payload.values import Number
from app.personal import Declared, Path
from app.redaction.rules import Rules, Sight, mask_of, parameters
from app.vtex import scrub

__all__ = ["Redacted", "redact"]

_MEANS_SOMETHING: Final = re.compile(r"[&=%+#\x00-\x1f\x7f]")
"""What would end a field of a form; everything else stays readable."""
_RECORD: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A request without what the reader may not see.

    Args:
        body: What the body held, written anew; None where it is no document that can be read.
        query: The parameters of the address.

    """

    body: str | None = field(repr=False)
    query: str = field(repr=False)


def redact(adapter: Adapter | None, webhook: Webhook, sight: Sight) -> Redacted:
    """Write a request without what a reader may not see.

    Args:
        adapter: The carrier's; None for one that is not known any more, of which nothing is shown.
        webhook: The request.
        sight: About whom the reader may know.

    """
    writer = _Writer(Rules.of(adapter, webhook, sight))
    found = outline(webhook)
    return Redacted(body=None if found is None else writer.document(found), query=writer.query(webhook.query))


class _Writer:
    """Write a document by some rules, in the form in which it came."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def document(self, found: Outline) -> str:
        if found.form == "xml":
            return "".join(self._xml(found.value, ()))
        if found.form == "form":
            return self._form(found.value)
        if found.form == "records":
            return "\n".join(self._record(line) for line in found.value if isinstance(line, str))  # type: ignore[union-attr]
        return self._json(found.value, (), "\n")

    def query(self, query: str) -> str:
        return self._form(parameters(query)) if query else ""

    def _form(self, value: Value) -> str:
        pairs = value.pairs if isinstance(value, Members) else ()
        fields = []
        for name, inner in pairs:
            shown = self._rules.name(name).removeprefix("?")
            fields.append(f"{_encoded(shown)}={_encoded(self._text(inner, (name,)))}")
        return "&".join(fields)

    def _text(self, value: Value, path: Path) -> str:
        """Write a value where only a text can stand."""
        if isinstance(value, str):
            return self._rules.shown(path, value)
        return self._json(value.value if isinstance(value, Inner) else value, path, "")

    def _json(self, value: Value, path: Path, line: str) -> str:
        within = f"{line}  " if line else ""
        if isinstance(value, Members):
            members = (
                f"{_quoted(self._rules.name(name))}: {self._json(inner, (*path, name), within)}"
                for name, inner in value.pairs
            )
            return _listed("{", members, "}", line, within)
        if isinstance(value, list):
            return _listed("[", (self._json(inner, path, within) for inner in value), "]", line, within)
        if isinstance(value, Inner):
            return _quoted(self._json(value.value, path, ""))
        if value is None or value == "":
            return "null" if value is None else '""'
        if isinstance(value, bool):
            told = "true" if value else "false"
            is_shown = self._rules.shows(path, told)
            return told if is_shown else '"[true or false]"'
        if isinstance(value, Number) and self._rules.shows(path, value):
            shown = self._rules.shown(path, value)
            return shown if shown == value else _quoted(shown)
        return _quoted(self._rules.shown(path, value))

    def _xml(self, value: Value, path: Path) -> Iterable[str]:
        for name, inner in value.pairs if isinstance(value, Members) else ():
            parts = inner.pairs if isinstance(inner, Members) else ()
            here = (*path, name)
            shown = self._rules.name(name)
            tag = shown if shown == name else "unlisted"
            yield f"<{tag}"
            for key, attribute in parts:
                if key.startswith("@"):
                    known = self._rules.name(key) == key
                    yield f" {key[1:] if known else 'unlisted'}={quoteattr(self._text(attribute, (*here, key)))}"
            yield ">"
            for key, content in parts:
                if key == "#text":
                    yield escape(self._text(content, here))
                elif not key.startswith("@"):
                    yield from self._xml(Members(((key, content),)), here)
            yield f"</{tag}>"

    def _record(self, line: str) -> str:
        """Write a line of fixed columns: what is declared or said to be nobody's where it stands, the rest masked."""
        columns = sorted(
            (entry for entry in self._rules.personal.columns if line.startswith(entry[0].record)),
            key=lambda entry: entry[0].start,
        )
        parts: list[str] = []
        at = 0
        if not columns and line[:_RECORD].isdecimal():
            parts, at = [line[:_RECORD]], _RECORD
        for place, what in columns:
            parts.append(self._columns(line[at : place.start], None))
            content = line[place.start : place.end]
            is_shown = what is None or what.subject in self._rules.sight
            parts.append(
                (content if self._rules.sight else scrub(content)) if is_shown else self._columns(content, what)
            )
            at = max(at, place.end)
        return "".join([*parts, self._columns(line[at:], None)])

    @staticmethod
    def _columns(content: str, what: Declared | None) -> str:
        return mask_of(content.strip(), what) if content.strip() else content


def _encoded(text: str) -> str:
    return _MEANS_SOMETHING.sub(lambda found: f"%{ord(found[0]):02X}", text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _listed(start: str, parts: Iterable[str], end: str, line: str, within: str) -> str:
    written = list(parts)
    if not written:
        return f"{start}{end}"
    between = f",{within or ' '}"
    return f"{start}{within}{between.join(written)}{line}{end}"
