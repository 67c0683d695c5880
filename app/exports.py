"""Packages whose modules are imported when a name of theirs is first asked for.

A package that gathers many modules under one name would have each of its users import all of them. What a start does
not need is most of what there is, and costs most of what it takes.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["late_names"]


def late_names(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """Return a ``__getattr__`` for a package: ``modules`` names what each module of it is asked for.

    Type checkers read the same names from imports under ``TYPE_CHECKING``; a test holds the two together.
    """
    homes = {name: module for module, names in modules.items() for name in names.split()}

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return find
