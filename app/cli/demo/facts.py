"""How other commands find a demonstration: a file beside the database, readable by its owner only, while it runs."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.errors import ConfigurationError, MalformedPayload
from app.payload import Node, json_document
from app.settings import Settings
from app.store import database_of

__all__ = ["DemoFacts", "published", "read_facts"]

_NAME: Final = "demo.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFacts:
    """What it takes to speak to a running demonstration.

    Args:
        url: Where its relay takes webhooks.
        ops_url: Where its operators' interface is.
        ops_token: A token of an operator.
        variables: Its configuration, as variables of the environment.
        pages: The pages of its orders by tracking number.

    """

    url: str
    ops_url: str
    ops_token: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    pages: Mapping[str, str]


def _file(settings: Settings) -> Path:
    folder = database_of(settings.database_url.get_secret_value()).data_folder
    return (folder or Path.cwd()) / _NAME


@contextmanager
def published(settings: Settings, facts: DemoFacts) -> Iterator[Path]:
    """Keep the facts in a file while the context is open.

    Raises:
        ConfigurationError: The folder of the database cannot be written.

    """
    file = _file(settings)
    document = {
        "pid": os.getpid(),
        "url": facts.url,
        "ops_url": facts.ops_url,
        "ops_token": facts.ops_token,
        "variables": _pairs(facts.variables),
        "pages": _pairs(facts.pages),
    }
    fresh = file.with_name(f"{_NAME}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Made unreadable for others before anything is in it.
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
            json.dump(document, target, indent=2, ensure_ascii=False)
        fresh.replace(file)
    except OSError as error:
        raise ConfigurationError(f"database_url: {file.parent} cannot be written: {error.strerror}") from None
    try:
        yield file
    finally:
        with contextlib.suppress(OSError, MalformedPayload):
            # A second demonstration may have taken the place of this one.
            if _document(file)["pid"].text() == str(os.getpid()):
                file.unlink()


def read_facts(settings: Settings) -> DemoFacts | None:
    """Return the facts of the demonstration that runs in this folder, None when none does."""
    try:
        document = _document(_file(settings))
        os.kill(int(document["pid"].text()), 0)
        return DemoFacts(
            url=document["url"].text(),
            ops_url=document["ops_url"].text(),
            ops_token=document["ops_token"].text(),
            variables=_mapping(document["variables"]),
            pages=_mapping(document["pages"]),
        )
    except (OSError, MalformedPayload, ValueError):
        return None


def _document(file: Path) -> Node:
    return json_document(file.read_text("utf-8"))


def _pairs(mapping: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in mapping.items()]


def _mapping(pairs: Node) -> dict[str, str]:
    return {pair["name"].text(): pair["value"].text() for pair in pairs.items()}
