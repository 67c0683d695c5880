"""The layers that settings come from, each as a stream of entries and of what is wrong with it."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from pydantic_core import from_json

from app.settings.names import (
    PREFIX,
    Path,
    Problem,
    dotted,
    is_kubernetes_link,
    name_in_segment,
    nearest,
    variable,
)
from app.settings.shape import Leaf, Section, Shape, Table

__all__ = ["Entry", "environment_layer", "secrets_layer", "toml_layer"]

BOOTSTRAP = frozenset({"RELAY_CONFIG", "RELAY_SECRETS_DIR"})
"""Say where the other layers are, so they can only be variables."""

CLIENT = frozenset({"RELAY_OPS_URL", "RELAY_OPS_TOKEN", "RELAY_TRY_SECRET"})
"""Are read by commands that are run by hand, often in the shell of a relay."""

_MEANT = {
    "host": "listen",
    "port": "listen",
    "bind": "listen",
    "token": "tokens",
    "account": "accounts",
    "base_url": "public_url",
}
"""Top-level names that people expect and no likeness of letters explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One value of one layer, or an empty table."""

    path: tuple[str, ...]
    value: object
    origin: str


Found = Iterator[Entry | Problem]


def toml_layer(place: FilePath, shape: Section) -> Found:
    """Read a TOML file, or the ``*.toml`` of a folder in the order of their names."""
    files = [place]
    if place.is_dir():
        files = sorted(file for file in place.glob("*.toml") if not file.name.startswith("."))
        if not files:
            yield _unreadable("RELAY_CONFIG", f"names a folder without any *.toml: {place}")
    for file in files:
        origin = str(file)
        try:
            tree = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except OSError as error:
            yield _unreadable("RELAY_CONFIG", f"cannot be read: {file}: {error.strerror}")
        except UnicodeDecodeError:
            yield _unreadable("RELAY_CONFIG", f"is not UTF-8: {file}")
        except ValueError as error:
            yield _unreadable("RELAY_CONFIG", f"is not TOML: {file}: {error}")
        else:
            yield from _entries(tree, shape, (), origin)


def secrets_layer(folder: FilePath, shape: Section) -> Found:
    """Read a folder of files that are named like variables, with or without the prefix."""
    try:
        files = sorted(file for file in folder.iterdir() if not file.name.startswith(".") and file.is_file())
        texts = {file.name: file.read_text(encoding="utf-8").rstrip("\r\n") for file in files}
    except OSError as error:
        yield _unreadable("RELAY_SECRETS_DIR", f"cannot be read: {error.filename}: {error.strerror}")
    except UnicodeDecodeError:
        yield _unreadable("RELAY_SECRETS_DIR", f"holds a file that is not UTF-8: {folder}")
    else:
        named = [(_without_prefix(name), text, str(folder / name)) for name, text in texts.items()]
        yield from _named_values(named, shape)


def environment_layer(environ: Mapping[str, str], shape: Section) -> Found:
    """Read the variables that begin with ``RELAY_``."""
    named = [
        (_without_prefix(name), text, name)
        for name, text in sorted(environ.items())
        if name.upper().startswith(PREFIX)
        and name.upper() not in BOOTSTRAP | CLIENT
        and not is_kubernetes_link(name, text)
    ]
    yield from _named_values(named, shape)


def _unreadable(name: str, text: str) -> Problem:
    return Problem(path=(name.removeprefix(PREFIX).lower(),), text=text)


def _without_prefix(name: str) -> str:
    return name[len(PREFIX) :] if name.upper().startswith(PREFIX) else name


def _named_values(named: Iterable[tuple[str, str, str]], shape: Section) -> Found:
    """Read values by variable-like names; a deeper name goes over a shallower one."""
    located: dict[tuple[str, ...], str] = {}
    found: list[tuple[int, list[Entry | Problem]]] = []
    for name, text, origin in named:
        place = _locate(name.split("__"), shape, origin)
        if isinstance(place, Problem):
            yield place
            continue
        path, below = place
        if path in located:
            yield Problem(path=path, text=f"is set twice: {located[path]} and {origin}; keep one")
            continue
        located[path] = origin
        found.append((len(path), list(_parsed(text, below, path, origin))))
    for _, entries in sorted(found, key=lambda item: item[0]):
        yield from entries


def _locate(segments: list[str], shape: Section, origin: str) -> tuple[tuple[str, ...], Shape] | Problem:
    """Find what a variable's name means."""
    path: tuple[str, ...] = ()
    below: Shape = shape
    for segment in segments:
        if isinstance(below, Leaf):
            text = "takes one value; write a list or a table as JSON"
            return Problem(path=path, text=text, origin=origin)
        if isinstance(below, Table):
            path, below = (*path, name_in_segment(segment)), below.of
            continue
        key = segment.lower()
        known = below.fields.get(key)
        if known is None:
            return _unknown_key(path, key, below, origin)
        path, below = (*path, key), known
    return path, below


def _parsed(text: str, shape: Shape, path: tuple[str, ...], origin: str) -> Found:
    """Read the text of a variable or secret file."""
    value: object = text
    wants_json = not isinstance(shape, Leaf) or shape.items is not None
    if isinstance(shape, Leaf):
        wants_json |= shape.is_open or (shape.is_list and text.lstrip().startswith("["))
        if shape.is_nullable and text == "null":
            yield Entry(path=path, value=None, origin=origin)
            return
    if wants_json:
        wanted = "list" if isinstance(shape, Leaf) and shape.is_list else "object"
        try:
            value = from_json(text, allow_inf_nan=False)
        except ValueError as error:
            # The parser tells the place, never the text.
            yield Problem(path=path, text=f"is not a JSON {wanted}: {error}", origin=origin)
            return
    yield from _entries(value, shape, path, origin)


def _entries(value: object, shape: Shape, path: tuple[str, ...], origin: str) -> Found:
    """Take nested values apart and refuse what no setting is called."""
    if isinstance(shape, Leaf):
        yield from _values(value, shape, path, origin)
        return
    if not isinstance(value, Mapping):
        yield Problem(path=path, text=f"must be a table of {_contents(shape)}", origin=origin)
        return
    if not value and path:
        yield Entry(path=path, value={}, origin=origin)
    for key, inner in value.items():
        if isinstance(shape, Table):
            yield from _entries(inner, shape.of, (*path, key), origin)
        elif key in shape.fields:
            yield from _entries(inner, shape.fields[key], (*path, key), origin)
        else:
            yield _unknown_key(path, key, shape, origin)


def _values(value: object, leaf: Leaf, path: tuple[str, ...], origin: str) -> Found:
    if leaf.is_open and isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _values(inner, leaf, (*path, key), origin)
    elif leaf.items is not None and isinstance(value, list):
        yield from _list(value, leaf.items, path, origin)
    else:
        yield Entry(path=path, value=value, origin=origin)


def _list(value: list[object], items: Section, path: tuple[str, ...], origin: str) -> Found:
    kept: list[object] = []
    for index, item in enumerate(value):
        if not isinstance(item, Mapping):
            text = f"must be a table of {_contents(items)}"
            yield Problem(path=(*path, index), text=text, origin=origin)
            continue
        for key in item:
            if key not in items.fields:
                yield _unknown_key((*path, index), key, items, origin)
        kept.append({key: inner for key, inner in item.items() if key in items.fields})
    yield Entry(path=path, value=kept, origin=origin)


def _contents(shape: Section | Table) -> str:
    return "names" if isinstance(shape, Table) else ", ".join(sorted(shape.fields))


def _unknown_key(path: Path, key: str, section: Section, origin: str) -> Problem:
    """Say that a key is no setting, and which one was probably meant."""
    place = (*path, key)
    if variable(place) in BOOTSTRAP:
        text = "can only be a variable of the environment"
        return Problem(path=place, text=text, origin=origin)
    single = next((name for name in section.fields if key.startswith(f"{name}_")), None)
    if single is not None and not isinstance(section.fields[single], Leaf):
        text = f"is no setting: levels are parted by two underscores, as in {variable((*path, single))}__…"
        return Problem(path=place, text=text, origin=origin)
    meant = (_MEANT.get(key) if not path else None) or nearest(key, section.fields)
    if meant is None:
        text = f"is no setting; here are {', '.join(sorted(section.fields))}"
    else:
        right = (*path, meant)
        text = f"is no setting; did you mean {dotted(right)} / {variable(right)}?"
    return Problem(path=place, text=text, origin=origin)
