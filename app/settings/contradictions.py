"""Settings that are right one by one and wrong together.

They are looked for in plain nested values, so that they are found in one pass with the settings that are wrong by
themselves; whatever has an unexpected shape is passed over here, because its own refusal says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.settings.names import Path, Problem, dotted

__all__ = ["Contradictory", "contradictions"]

Tree = Mapping[str, Any]


class Contradictory(ValueError):
    """Carry contradictions out of the validation of a whole."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


def contradictions(tree: Tree) -> tuple[Problem, ...]:
    """Return everything in a configuration that contradicts something else in it."""
    looks = (_names, _aliases, _tokens, _preferences, _hooks, _listeners, _proxies, _ages)
    return tuple(problem for look in looks for problem in look(tree))


def _tables(tree: Tree, key: str) -> dict[str, Tree]:
    tables = tree.get(key)
    if not isinstance(tables, Mapping):
        return {}
    return {name: table for name, table in tables.items() if isinstance(table, Mapping)}


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def _repeated(values: Sequence[str]) -> Iterator[tuple[int, str]]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield index, value


def _names(tree: Tree) -> Iterator[Problem]:
    accounts = _tables(tree, "accounts")
    for name, group in _tables(tree, "groups").items():
        path: Path = ("groups", name)
        if name in accounts:
            yield Problem(
                path=path,
                text="has the name of an account, and both stand in URLs: rename the group",
            )
        members = _texts(group.get("accounts"))
        for index, member in enumerate(members):
            yield from _unknown_account((*path, "accounts", index), member, accounts)
        for index, member in _repeated(members):
            yield Problem(path=(*path, "accounts", index), text=f"repeats {member!r}")


def _unknown_account(path: Path, name: str, accounts: Mapping[str, Tree]) -> Iterator[Problem]:
    if name not in accounts:
        known = ", ".join(sorted(accounts)) or "none"
        yield Problem(path=path, text=f"names no account: {name!r}; configured: {known}")


def _aliases(tree: Tree) -> Iterator[Problem]:
    taken: dict[str, Path] = {}
    for kind in ("accounts", "groups"):
        for owner, table in _tables(tree, kind).items():
            for slug, source in _tables(table, "carriers").items():
                path: Path = (kind, owner, "carriers", slug, "alias")
                alias = source.get("alias")
                if not isinstance(alias, str):
                    continue
                if alias in taken:
                    yield Problem(path=path, text=f"is also {dotted(taken[alias])}: take another one")
                taken.setdefault(alias, path)


def _tokens(tree: Tree) -> Iterator[Problem]:
    listed = tree.get("tokens")
    tokens = listed if isinstance(listed, list | tuple) else ()
    accounts = _tables(tree, "accounts")
    for key in ("name", "sha256"):
        values = [str(token.get(key, "")).lower() if isinstance(token, Mapping) else "" for token in tokens]
        for index, value in _repeated(values):
            if value:
                text = f"is that of tokens[{values.index(value)}] as well"
                yield Problem(path=("tokens", index, key), text=text)
    for index, token in enumerate(tokens):
        limits = _texts(token.get("accounts")) if isinstance(token, Mapping) else ()
        for position, name in enumerate(limits):
            yield from _unknown_account(("tokens", index, "accounts", position), name, accounts)


def _preferences(tree: Tree) -> Iterator[Problem]:
    for name, account in _tables(tree, "accounts").items():
        for index, slug in _repeated(_texts(account.get("prefer"))):
            yield Problem(path=("accounts", name, "prefer", index), text=f"repeats {slug!r}")


def _hooks(tree: Tree) -> Iterator[Problem]:
    for name, account in _tables(tree, "accounts").items():
        if account.get("hook_key") is None and account.get("old_hook_keys"):
            text = "needs hook_key, the key that took their place"
            yield Problem(path=("accounts", name, "old_hook_keys"), text=text)


def _listeners(tree: Tree) -> Iterator[Problem]:
    listen, ops_listen = tree.get("listen"), tree.get("ops_listen")
    if listen is not None and listen == ops_listen and not str(listen).endswith(":0"):
        yield Problem(
            path=("ops_listen",),
            text="is the same as listen: leave it out to serve both there",
        )


def _proxies(tree: Tree) -> Iterator[Problem]:
    if tree.get("console_proxy_roles") and not tree.get("trusted_proxies"):
        text = "needs trusted_proxies, the network of the proxy that may say who somebody is"
        yield Problem(path=("console_proxy_roles",), text=text)


def _ages(tree: Tree) -> Iterator[Problem]:
    """Refuse to delete what is needed by something that is kept longer."""
    for shorter, longer, why in (
        ("body_days", "evidence_days", "the proof of a parcel's end is kept at least as long as other bytes"),
        ("event_days", "fingerprint_days", "an event that is forgotten would be new when it comes again"),
    ):
        low, high = tree.get(shorter), tree.get(longer)
        if isinstance(low, int) and isinstance(high, int) and low > high:
            yield Problem(path=(longer,), text=f"is less than {shorter} ({low}): {why}")
