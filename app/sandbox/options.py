"""What can be switched about the sandbox, because VTEX does not document it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["RESOURCES", "Credential", "Mode", "SandboxOptions"]

Mode = Literal["append", "replace", "merge"]

# The License Manager resources that the emulated routes ask for.
RESOURCES = frozenset({"notify-invoice", "view-order", "list-orders"})


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

    def __post_init__(self) -> None:
        """Refuse negative times and an empty account name."""
        for name in ("read_after_write_delay_seconds", "list_lag_seconds"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is negative; use 0 for none")
        if not self.default_account:
            raise ValueError("default_account is empty; name an account")

    def mode_of(self, account: str) -> Mode:
        """Tell what a PUT does in this account."""
        return self.account_modes.get(account, self.mode)
