"""Read all layers, put them over each other, and refuse everything that is wrong at once."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.errors import ConfigurationError
from app.settings.contradictions import Contradictory, contradictions
from app.settings.layers import Entry, environment_layer, secrets_layer, toml_layer
from app.settings.model import Settings
from app.settings.names import Path, Problem, dotted, nearest, variable
from app.settings.shape import Leaf, Section, leaf_at, shape_of
from app.settings.values import shown

__all__ = ["load_settings"]

_DEFAULT_FILE = FilePath("relay.toml")
_KEY_MARK = "[key]"


def load_settings(environ: Mapping[str, str] | None = None, config: FilePath | None = None) -> Settings:
    """Read the settings once.

    Args:
        environ: Variables; those of the process unless given.
        config: TOML file or folder; what ``RELAY_CONFIG`` names unless given, else ``relay.toml`` where there is one.

    Raises:
        ConfigurationError: Something is unknown, missing, wrong or contradictory; it lists everything that is.

    """
    variables = os.environ if environ is None else environ
    shape = shape_of(Settings)
    problems: list[Problem] = []
    tree: dict[str, Any] = {}
    origins: dict[Path, str] = {}
    for found in _layers(variables, config, shape):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            _put(tree, found)
            origins[found.path] = found.origin
    settings, wrong = _validated(tree, origins, shape)
    problems += wrong
    if settings is None or problems:
        raise ConfigurationError(*dict.fromkeys(map(str, problems)))
    return settings


def _layers(environ: Mapping[str, str], config: FilePath | None, shape: Section) -> Iterator[Entry | Problem]:
    """Go through the layers, the weakest first."""
    if config is None and environ.get("RELAY_CONFIG"):
        config = FilePath(environ["RELAY_CONFIG"])
    if config is None and _DEFAULT_FILE.exists():
        config = _DEFAULT_FILE
    if config is not None:
        yield from toml_layer(config, shape)
    if folder := environ.get("RELAY_SECRETS_DIR"):
        yield from secrets_layer(FilePath(folder), shape)
    yield from environment_layer(environ, shape)


def _put(tree: dict[str, Any], entry: Entry) -> None:
    *parents, last = entry.path
    table = tree
    for key in parents:
        inner = table.get(key)
        if not isinstance(inner, dict):
            inner = table[key] = {}
        table = inner
    # An empty table only says that it exists; it takes nothing away from a weaker layer.
    if entry.value == {} and isinstance(table.get(last), dict):
        return
    table[last] = entry.value


def _validated(
    tree: dict[str, Any], origins: Mapping[Path, str], shape: Section
) -> tuple[Settings | None, list[Problem]]:
    try:
        return Settings.model_validate(tree), []
    except ValidationError as error:
        # Inputs hold secrets: from here on there are only sentences.
        details = error.errors(include_url=False)
    problems: list[Problem] = []
    for detail in details:
        contradictory = detail.get("ctx", {}).get("error")
        if isinstance(contradictory, Contradictory):
            return None, [_with_origin(problem, origins) for problem in contradictory.problems]
        problems.append(_with_origin(_problem(detail, tree, shape), origins))
    return None, problems + [_with_origin(problem, origins) for problem in contradictions(tree)]


def _with_origin(problem: Problem, origins: Mapping[Path, str]) -> Problem:
    """Say which variable or file a wrong value was read from."""
    places = (problem.path[:length] for length in range(len(problem.path), 0, -1))
    origin = next((origins[place] for place in places if place in origins), "")
    return replace(problem, origin=origin)


def _problem(detail: ErrorDetails, tree: Mapping[str, Any], shape: Section) -> Problem:
    """Turn a refusal by the model into a sentence."""
    path = detail["loc"]
    if path[-1:] == (_KEY_MARK,):
        path = path[:-1]
    setting, leaf = leaf_at(shape, path)
    return Problem(path=path, text=_text(detail, path, tree, leaf), name=variable(setting if leaf else path))


def _text(detail: ErrorDetails, path: Path, tree: Mapping[str, Any], leaf: Leaf | None) -> str:
    if detail["type"] == "missing":
        return f"is missing; set it{_misspelt_name(path, tree)}"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    value = detail["input"]
    if leaf is not None and leaf.is_secret:
        return "must be text"
    text = detail["msg"].replace("Input should be", "must be").replace("Input should", "must")
    if not isinstance(value, str | int | float):
        return text
    near = nearest(str(value), _choices(detail))
    return f"{text}, not {shown(value)}" + (f"; did you mean {near!r}?" if near else "")


def _choices(detail: ErrorDetails) -> Iterable[str]:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    return [choice for choice in expected.split("'") if choice.strip(" ,") not in {"", "or"}]


def _misspelt_name(path: Sequence[str | int], tree: Mapping[str, Any]) -> str:
    """Point to another account or group, where a variable with a misspelt name made this one up."""
    kind, *rest = path
    tables = tree.get(str(kind))
    if not rest or not isinstance(tables, Mapping):
        return ""
    near = nearest(str(rest[0]), set(tables) - {rest[0]})
    if near is None:
        return ""
    return f", or did you mean {dotted((kind, near, *rest[1:]))}?"
