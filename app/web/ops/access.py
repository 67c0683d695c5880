"""Who asks: tokens, their roles, and the accounts that they are limited to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.personal import Subject
from app.redaction import NOBODY, Sight
from app.store.exports import AuditReading
from app.web.dependencies import Dependencies, Role, Token
from app.web.keys import note_use, token_of
from app.web.problems import Problem

__all__ = ["Admin", "Caller", "Operator", "Support", "Viewer", "demand_role", "given", "note_reading"]

_OF_SUPPORT: Final = frozenset({Subject.RECEIVER})
_BEARER: Final = HTTPBearer(auto_error=False, scheme_name="token", description="A token of the operators' interface.")


def given(request: Request) -> Dependencies:
    """Return what the application was given."""
    dependencies: Dependencies = request.app.state.dependencies
    return dependencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The holder of a known token, and what they may see."""

    token: Token
    given: Dependencies

    @property
    def name(self) -> str:
        """Return what stands in the audit log."""
        return self.token.name

    @property
    def sight(self) -> Sight | None:
        """Tell about whom the caller may know; None for those to whom requests are shown as they came."""
        if self.token.role >= Role.OPERATOR:
            return None
        return _OF_SUPPORT if self.token.role >= Role.SUPPORT else NOBODY

    @property
    def owners(self) -> tuple[str, ...] | None:
        """List the accounts and groups whose webhooks the caller may see; None for all.

        A group's webhook may be about any of its accounts, so all of them must be the caller's.
        """
        limited = self.token.accounts
        if limited is None:
            return None
        groups = {source.owner for source in self.given.sources if limited.issuperset(source.accounts)}
        return tuple(sorted(limited | groups))

    @property
    def accounts(self) -> tuple[str, ...] | None:
        """List the accounts whose shipments the caller may see; None for all."""
        return None if self.token.accounts is None else tuple(sorted(self.token.accounts))

    def owners_wanted(self, *asked: str | None) -> tuple[str, ...] | None:
        """Return the owners to list: the one that is asked for, else all that may be seen.

        Raises:
            Problem: The one asked for is not the caller's.

        """
        return self._wanted(self.owners, *asked)

    def accounts_wanted(self, asked: str | None) -> tuple[str, ...] | None:
        """Return the accounts to list, as `owners_wanted` does."""
        return self._wanted(self.accounts, asked)

    def _wanted(self, allowed: tuple[str, ...] | None, *asked: str | None) -> tuple[str, ...] | None:
        names = {name for name in asked if name is not None}
        for name in sorted(names):
            self.demand(name, allowed)
        return tuple(sorted(names)) or allowed

    def demand(self, account: str, allowed: tuple[str, ...] | None) -> None:
        """Refuse an account that is not the caller's."""
        if allowed is not None and account not in allowed:
            limits = ", ".join(allowed)
            raise Problem("forbidden", f"The token {self.name} is limited to {limits}; {account} is not among them.")


async def note_reading(caller: Caller, kind: str, number: int) -> None:
    """Write down that the caller is about to see what others are not shown; where that cannot be, it is not shown."""
    if caller.sight != NOBODY:
        store, now = caller.given.store, caller.given.now()
        await store.write(AuditReading(kind=kind, number=number, actor=caller.name, ids=store.ids, now=now))


Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


def _caller(at_least: Role) -> Callable[[Request, Bearer], Awaitable[Caller]]:
    async def caller(request: Request, credentials: Bearer) -> Caller:
        dependencies = given(request)
        token = await token_of(dependencies, credentials.credentials if credentials else "")
        if token is None:
            what = "The token is not known" if credentials else "No token came"
            raise Problem("token-needed", f"{what}. Send Authorization: Bearer TOKEN with a token of this relay.")
        await note_use(request, dependencies, token)
        demand_role(token, at_least)
        return Caller(token=token, given=dependencies)

    return caller


def demand_role(token: Token, at_least: Role) -> None:
    """Refuse the holder of a token whose role is not enough.

    Raises:
        Problem: It is not.

    """
    if token.role < at_least:
        detail = f"The token {token.name} has the role {token.role.name.lower()}; this takes {at_least.name.lower()}."
        raise Problem("forbidden", detail)


Viewer = Annotated[Caller, Depends(_caller(Role.VIEWER))]
Support = Annotated[Caller, Depends(_caller(Role.SUPPORT))]
Operator = Annotated[Caller, Depends(_caller(Role.OPERATOR))]
Admin = Annotated[Caller, Depends(_caller(Role.ADMIN))]
