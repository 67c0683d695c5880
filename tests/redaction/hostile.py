"""Write documents with secrets where persons' data belongs, in every shape that a sender could think of."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Final
from urllib.parse import quote_plus
from xml.sax.saxutils import escape, quoteattr

from app.model import Webhook
from app.payload import Inner, Members, Outline, Value, outline
from app.payload.values import Number
from app.personal import Declared, Kind, Path, PersonalData

WORD: Final = "Zqxj"


class Secrets:
    """Invent values that stand nowhere else, and remember them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.made: list[str] = []

    def text(self) -> str:
        ending = "".join(self.random.choices("abcdefghkmnopqrstuvwxyz", k=self.random.randint(6, 30)))
        # With a space in it no free text is taken for an order's id.
        self.made.append(f"{WORD}{ending} {WORD}{self.random.randint(10**6, 10**9)}")
        return self.made[-1]

    def number(self) -> str:
        self.made.append(f"77{self.random.randint(10**12, 10**15)}")
        return self.made[-1]


def hostile(webhook: Webhook, personal: PersonalData, secrets: Secrets, *, plainly: bool = False) -> Webhook | None:
    """Return a webhook with a secret at each declared place; None for a body of another kind.

    Unless ``plainly``, they come in odd shapes, and beside those places as well.
    """
    found = outline(webhook)
    if found is None or found.form == "records":
        return None
    value = _replaced(found.value, (), personal, secrets) if plainly else _filled(found.value, (), personal, secrets)
    writers: dict[str, Callable[[Value], str]] = {"json": _json, "form": _form, "xml": _xml}
    return replace(webhook, body=writers[found.form](value).encode("utf-8", "surrogatepass"))


def _filled(value: Value, path: Path, personal: PersonalData, secrets: Secrets) -> Value:
    random = secrets.random
    if isinstance(value, Members):
        pairs: list[tuple[str, Value]] = []
        for name, inner in value.pairs:
            here = (*path, name)
            what = personal.at(here)
            if what and random.random() < 0.4:
                pairs.append((name, _instead(secrets, what)))
            pairs.append((name, _filled(inner, here, personal, secrets)))
            if what and random.random() < 0.3:
                pairs.append((name, _instead(secrets, what)))
        if random.random() < 0.2:
            pairs.insert(random.randint(0, len(pairs)), (f"new_{random.randint(0, 99)}", _instead(secrets)))
        return Members(tuple(pairs))
    if isinstance(value, list):
        return [_filled(inner, path, personal, secrets) for inner in value]
    if isinstance(value, Inner):
        return Inner(_filled(value.value, path, personal, secrets), value.is_base64)
    if (told := personal.at(path)) is None:
        return value
    if isinstance(value, Number) and told.kind is not Kind.FREE_TEXT:
        return Number(secrets.number())
    return secrets.text() if random.random() < 0.7 else _instead(secrets, told)


def _replaced(value: Value, path: Path, personal: PersonalData, secrets: Secrets) -> Value:
    if isinstance(value, Members):
        return Members(tuple((name, _replaced(inner, (*path, name), personal, secrets)) for name, inner in value.pairs))
    if isinstance(value, list):
        return [_replaced(inner, path, personal, secrets) for inner in value]
    if isinstance(value, Inner):
        return Inner(_replaced(value.value, path, personal, secrets), value.is_base64)
    if personal.at(path) is None or value is None or isinstance(value, bool):
        return value
    return Number(secrets.number()) if isinstance(value, Number) else secrets.text()


def _instead(secrets: Secrets, what: Declared | None = None) -> Value:
    """Return a secret in some shape; of free text a number could be the order's, and is no person's then."""
    shapes: tuple[Callable[[], Value], ...] = (
        secrets.text,
        lambda: secrets.text() if what and what.kind is Kind.FREE_TEXT else Number(secrets.number()),
        lambda: [secrets.text(), [secrets.text()]],
        lambda: Members((("name", secrets.text()), ("name", secrets.text()), ("status", secrets.text()))),
        lambda: Inner(Members((("name", secrets.text()),))),
        lambda: Inner([secrets.text()], is_base64=True),
        lambda: f"{secrets.text()} <b>&amp; \u202e\"'",
    )
    return secrets.random.choice(shapes)()


def _json(value: Value) -> str:
    if isinstance(value, Members):
        return "{" + ",".join(f"{json.dumps(name)}:{_json(inner)}" for name, inner in value.pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, Number):
        return str(value)
    return json.dumps(_text(value)) if isinstance(value, Inner) else json.dumps(value)


def _text(value: Any) -> str:
    if isinstance(value, Inner):
        text = _json(value.value)
        return base64.b64encode(text.encode()).decode() if value.is_base64 else text
    return value if isinstance(value, str) else _json(value)


def _form(value: Value) -> str:
    pairs = value.pairs if isinstance(value, Members) else ()
    return "&".join(f"{quote_plus(name)}={quote_plus(_text(inner))}" for name, inner in pairs)


def _xml(value: Value) -> str:
    parts: list[str] = []
    for name, inner in value.pairs if isinstance(value, Members) else ():
        for each in inner if isinstance(inner, list) else [inner]:
            if not isinstance(each, Members):
                parts.append(f"<{name}>{escape(_text(each))}</{name}>")
                continue
            about = [f" {key[1:]}={quoteattr(_text(told))}" for key, told in each.pairs if key.startswith("@")]
            texts = [escape(_text(told)) for key, told in each.pairs if key == "#text"]
            below = _xml(Members(tuple(pair for pair in each.pairs if pair[0][0] not in "@#")))
            parts.append(f"<{name}{''.join(dict.fromkeys(about))}>{''.join(texts)}{below}</{name}>")
    return "".join(parts)


def written(document: Outline) -> str:
    """Write a document as its sender would."""
    return {"json": _json, "form": _form, "xml": _xml}[document.form](document.value)
