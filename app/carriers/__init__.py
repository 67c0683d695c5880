"""The carriers, one module each; a module here is a carrier without being listed anywhere.

Discovery is strict: a module that cannot be imported, or is not what its name says, stops the start.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType

from app.adapter import Adapter
from app.errors import ConfigurationError

__all__ = ["adapters", "discover", "find", "module_name"]


def module_name(slug: str) -> str:
    """Return the name of the module that holds a carrier: ``_`` for ``-``, and before a leading digit."""
    name = slug.replace("-", "_")
    return f"_{name}" if name[:1].isdigit() else name


@cache
def adapters() -> Mapping[str, Adapter]:
    """Return every carrier's adapter by slug, in alphabetical order."""
    return discover(__name__, __path__)


def find(slug: str) -> Adapter:
    """Return the adapter of a carrier.

    Raises:
        ConfigurationError: No carrier has this slug; the message names the nearest one.

    """
    known = adapters()
    if slug in known:
        return known[slug]
    nearest = get_close_matches(slug, known, n=1, cutoff=0.5)
    advice = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known)}"
    raise ConfigurationError(f"no carrier is called {slug!r}; {advice}")


def discover(package: str, folders: Iterable[str]) -> Mapping[str, Adapter]:
    """Import every module of a package and return the adapters that they hold, by slug.

    Raises:
        ConfigurationError: One or more modules are no carriers; each is named with what is wrong.

    """
    found: dict[str, Adapter] = {}
    problems = []
    for module in pkgutil.iter_modules(folders):
        file = f"{package.replace('.', '/')}/{module.name}.py"
        try:
            adapter = _load(f"{package}.{module.name}")
        except ConfigurationError as problem:
            problems.append(f"{file}: {problem}")
            continue
        if module_name(adapter.slug) != module.name:
            problems.append(f"{file}: its slug {adapter.slug!r} belongs in {module_name(adapter.slug)}.py")
        else:
            found[adapter.slug] = adapter
    if problems:
        raise ConfigurationError(*problems)
    return MappingProxyType(dict(sorted(found.items())))


def _load(module: str) -> Adapter:
    try:
        adapter = getattr(importlib.import_module(module), "ADAPTER", None)
    except Exception as error:
        raise ConfigurationError(f"cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(adapter, Adapter):
        raise ConfigurationError("holds no ADAPTER; every module here is a carrier")
    return adapter
