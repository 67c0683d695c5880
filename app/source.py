"""One carrier configured for one account or group: where its webhooks come in, and what proves them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from app.adapter import Adapter
from app.model import Milestone
from app.numbering import NumberRule
from app.verification import Credentials

__all__ = ["Source", "Sources"]

_ROUNDS: Final = 20_000
_MARK_BYTES: Final = 4


@lru_cache(maxsize=1024)
def _mark(source: str, secret: str) -> str:
    """Digest a secret so slowly that guessing it by its mark is no easier than by asking the relay."""
    salt = f"carrier-relay {source}".encode()
    return hashlib.pbkdf2_hmac("sha256", secret.encode("utf-8", "surrogateescape"), salt, _ROUNDS, _MARK_BYTES).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured carrier.

    Args:
        owner: The account or group it belongs to.
        accounts: The accounts among which its shipments are sought; the owner itself unless that is a group.
        adapter: What the relay knows of the carrier.
        credentials: What proves its sender; ``path_key`` and ``keys`` are filled in per request.
        path_key: The secret that its path must end with, None when there is none.
        alias: An opaque name for its path, for carriers whose rules forbid words.
        zone: Overrides the zone of its times without offset.
        milestones: Overrides what its codes mean.
        number_rules: How its merchant's numbers hang together.

    """

    owner: str
    accounts: tuple[str, ...]
    adapter: Adapter
    credentials: Credentials
    path_key: str | None = field(default=None, repr=False)
    alias: str | None = None
    zone: ZoneInfo | None = None
    milestones: Mapping[str, Milestone] = field(default_factory=dict)
    number_rules: tuple[NumberRule, ...] = ()

    @property
    def name(self) -> str:
        """Return the source's name in logs and metrics."""
        return f"{self.owner}/{self.adapter.slug}"

    @property
    def path(self) -> str:
        """Return the path that its carrier posts to, without the path key."""
        return f"/w/{self.alias}" if self.alias else f"/webhooks/{self.adapter.slug}/{self.owner}"

    @property
    def marks(self) -> tuple[str, ...]:
        """Return names for its secrets, newest first, by which people tell them apart; some milliseconds each."""
        return tuple(_mark(self.name, secret) for secret in self.credentials.secrets)


class Sources:
    """All configured sources, found by what a request's path names."""

    def __init__(self, sources: Iterable[Source], carriers: Mapping[str, Adapter] | None = None) -> None:
        """Index the sources; their names and aliases are unique by validation of the settings.

        Args:
            sources: The sources.
            carriers: Every carrier that could have been configured, by slug; those of the sources unless given.

        """
        self._all = tuple(sources)
        self.carriers = {source.adapter.slug: source.adapter for source in self._all} if carriers is None else carriers
        self._by_name = {(source.adapter.slug, source.owner): source for source in self._all}
        self._by_alias = {source.alias: source for source in self._all if source.alias}
        self._accounts = {source.owner: source.accounts for source in self._all}

    def __iter__(self) -> Iterator[Source]:
        """Iterate over all sources."""
        return iter(self._all)

    def __len__(self) -> int:
        """Count the sources."""
        return len(self._all)

    def find(self, carrier: str, owner: str) -> Source | None:
        """Return the source of a carrier for an account or group, None when it is not configured."""
        return self._by_name.get((carrier, owner))

    def find_alias(self, alias: str) -> Source | None:
        """Return the source that a path names by its alias, None when there is none."""
        return self._by_alias.get(alias)

    def members(self, owner: str) -> Sequence[str]:
        """List the accounts among which an owner's shipments are sought."""
        return self._accounts.get(owner, (owner,))
