"""The carriers, one module each; a module here is a carrier without being listed anywhere.

Discovery is strict: a module that cannot be imported, or is not what its name says, stops the start.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType

from app.adapter import Adapter
from app.errors import ConfigurationError

__all__ = ["adapters", "discover", "find", "known", "module_name"]


def module_name(slug: str) -> str:
    """Return the name of the module that holds a carrier: ``_`` for ``-``, and before a leading digit."""
    name = slug.replace("-", "_")
    return f"_{name}" if name[:1].isdigit() else name


@cache
def adapters() -> Mapping[str, Adapter]:
    """Return every carrier's adapter by slug, in alphabetical order."""
    return discover(__name__, __path__)


def known() -> Mapping[str, Adapter]:
    """Return the same as `adapters`, but import a carrier's module when that carrier is asked for."""
    return _Known(module.name for module in pkgutil.iter_modules(__path__))


class _Known(Mapping[str, Adapter]):
    def __init__(self, modules: Iterable[str]) -> None:
        self._modules = {_slug(module): module for module in sorted(modules, key=_slug)}

    def __getitem__(self, slug: str) -> Adapter:
        return _load(__name__, self._modules[slug])

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def _slug(module: str) -> str:
    return module.removeprefix("_").replace("_", "-")


def find(slug: str) -> Adapter:
    """Return the adapter of a carrier; only its own module is imported.

    Raises:
        ConfigurationError: No carrier has this slug, and the message names the nearest one; or its module is broken.

    """
    modules = {module.name for module in pkgutil.iter_modules(__path__)}
    if module_name(slug) in modules:
        return _load(__name__, module_name(slug))
    slugs = sorted(_slug(name) for name in modules)
    nearest = get_close_matches(slug, slugs, n=1, cutoff=0.5)
    advice = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(slugs)}"
    raise ConfigurationError(f"no carrier is called {slug!r}; {advice}")


def discover(package: str, folders: Iterable[str]) -> Mapping[str, Adapter]:
    """Import every module of a package and return the adapters that they hold, by slug.

    Raises:
        ConfigurationError: One or more modules are no carriers; each is named with what is wrong.

    """
    found: list[Adapter] = []
    problems: list[str] = []
    for module in pkgutil.iter_modules(folders):
        try:
            found.append(_load(package, module.name))
        except ConfigurationError as problem:
            problems.extend(problem.problems)
    if problems:
        raise ConfigurationError(*problems)
    return MappingProxyType({adapter.slug: adapter for adapter in sorted(found, key=lambda adapter: adapter.slug)})


def _load(package: str, module: str) -> Adapter:
    file = f"{package.replace('.', '/')}/{module}.py"
    try:
        adapter = getattr(importlib.import_module(f"{package}.{module}"), "ADAPTER", None)
    except Exception as error:
        raise ConfigurationError(f"{file}: cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(adapter, Adapter):
        raise ConfigurationError(f"{file}: holds no ADAPTER; every module here is a carrier")
    if module_name(adapter.slug) != module:
        raise ConfigurationError(f"{file}: its slug {adapter.slug!r} belongs in {module_name(adapter.slug)}.py")
    return adapter
