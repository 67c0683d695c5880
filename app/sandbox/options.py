"""What can be switched about the sandbox, because VTEX does not document it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

__all__ = ["RESOURCES", "Credential", "Mode", "SandboxOptions"]

Mode = Literal["append", "replace", "merge"]

# The License Manager resources that the emulated routes ask for.
RESOURCES = frozenset({"notify-invoice", "view-order", "list-orders", "feed-hook-admin", "feed-hook-view"})

_LONGEST_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One application key of one account, and the resources its role holds."""

    account: str
    app_key: str
    app_token: str = field(repr=False)
    resources: frozenset[str] = RESOURCES

    def __post_init__(self) -> None:
        """Refuse a key that could never match, and resources that no route asks for."""
        if not (self.account and self.app_key and self.app_token):
            raise ValueError("a credential needs account, app_key and app_token, none of them empty")
        unknown = ", ".join(sorted(self.resources - RESOURCES))
        if unknown:
            raise ValueError(f"unknown resources: {unknown}; known are {', '.join(sorted(RESOURCES))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How the sandbox answers where VTEX's behaviour is unknown or has to be provoked."""

    mode: Mode = "merge"
    """What a PUT does to the rows that are there: add to them, take their place, or add what is new."""
    account_modes: Mapping[str, Mode] = field(default_factory=dict)
    """Accounts whose mode differs."""
    strict: bool = False
    """Refuse what the documented schema does not allow; otherwise every field is optional."""
    credentials: tuple[Credential, ...] | None = None
    """The keys that are let in; None lets any pair in whose two halves are not empty."""
    default_account: str = "demo"
    """The account of a call that names none, by path or by host name."""
    read_after_write_delay_seconds: float = 0.0
    """How long GET order keeps showing the state before a write."""
    list_lag_seconds: float = 240.0
    """How long the list of orders keeps showing the state before a change; VTEX speaks of four minutes."""
    row_order: Literal["newest_first", "as_sent"] = "newest_first"
    """In which order GET order shows the rows of a package."""
    delivered_is_sticky: bool = True
    """Whether a delivered package stays delivered when a later PUT says isDelivered false."""
    initial_courier_status: Literal["unknown", "documented", "absent"] = "unknown"
    """courierStatus of a new package: status "unknown", "ok" or null by courier, or no object at all."""
    without_tracking_number: Literal["accept", "reject"] = "accept"
    """What a PUT for a package without a tracking number gets: stored and no e-mail, or 400."""
    fulfillment_alias: bool = False
    """Whether ``00-`` before an order id finds the order, and receipts name the fulfillment id."""
    spaces_fail: bool = True
    """Whether an invoice number with a space is answered 500, as VTEX's known issue has it."""
    unknown_invoice_code: str = "OMS014"
    """The code beside "Invoice Not Found", which no published source states."""
    hook_http: Literal["never", "loopback", "anywhere"] = "loopback"
    """Where a hook may have an address with http; VTEX takes https only."""
    hook_delivery: Literal["automatic", "by_hand"] = "automatic"
    """Whether notifications go out by themselves, or only when the sandbox's API or a page says so."""
    notification_shape: Literal["minimal", "full"] = "minimal"
    """What a notification holds: as in VTEX's guide, or LastState and CurrentChange as well, as in its reference."""
    config_answer: Literal["echo", "notification"] = "echo"
    """How the writing of a hook is answered: with the configuration, or as the example in VTEX's reference."""
    both_domains: bool = False
    """Whether an order of the store's own seller is announced as Marketplace and as Fulfillment."""
    duplicate_share: float = 0.0
    """Which share of the events is put twice into a hook or a feed."""
    hook_scatter_seconds: float = 0.0
    """Up to how long a notification is held back at random: later ones overtake it."""
    hook_answer_seconds: float = 5.0
    """How long a hook may take to answer."""
    hook_retry_seconds: float = 1.0
    """How long the second try of a notification waits."""
    hook_retry_factor: float = 1.1127
    """How much longer each further try waits; with one second to begin with, 100 tries take four days."""
    feed_shuffled: bool = False
    """Whether a feed gives its items in random order; otherwise oldest first."""
    feed_short_share: float = 0.0
    """Which share of the reads of a feed gets fewer items than there are, maybe none."""
    speed: float = 1.0
    """How much faster than at VTEX retries come due, notifications are dropped, and what is idle is removed."""

    def __post_init__(self) -> None:
        """Refuse negative times, shares that are none, and an empty account name."""
        for name in (
            "read_after_write_delay_seconds",
            "list_lag_seconds",
            "hook_scatter_seconds",
            "hook_answer_seconds",
            "hook_retry_seconds",
        ):
            if not 0 <= getattr(self, name) <= _LONGEST_SECONDS:
                raise ValueError(f"{name} must lie between 0 and {_LONGEST_SECONDS}; use 0 for none")
        for name in ("duplicate_share", "feed_short_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        for name, most in (("hook_retry_factor", 10), ("speed", 1_000_000)):
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must lie between 1 and {most:,}")
        if not self.default_account:
            raise ValueError("default_account is empty; name an account")

    def span(self, seconds: float) -> timedelta:
        """Tell how long something takes here that takes so many seconds at VTEX."""
        return timedelta(seconds=seconds / self.speed)

    def mode_of(self, account: str) -> Mode:
        """Tell what a PUT does in this account."""
        return self.account_modes.get(account, self.mode)
