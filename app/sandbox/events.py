"""What VTEX announces of an order, and to whom: changes, filters, events."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.sandbox.documents import order_document
from app.sandbox.expressions import Expression
from app.sandbox.options import SandboxOptions
from app.sandbox.orders import Order
from app.sandbox.timestamps import event_timestamp

__all__ = ["Change", "Domain", "Filter", "FromOrders", "FromWorkflow", "OrderEvent", "Subscription"]

Domain = Literal["Fulfillment", "Marketplace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """One announcement about one order."""

    event_id: str
    account: str
    order_id: str
    domain: Domain
    state: str
    last_state: str
    last_change: datetime
    """When the order changed the time before."""
    current_change: datetime

    def notification(self, app_key: str, *, full: bool) -> dict[str, object]:
        """Write it as a hook receives it."""
        # The short form knows one time only: the one of this change.
        shown: dict[str, object] = {"Domain": self.domain, "OrderId": self.order_id, "State": self.state}
        if full:
            shown["LastState"] = self.last_state
            shown["LastChange"] = event_timestamp(self.last_change)
            shown["CurrentChange"] = event_timestamp(self.current_change)
        else:
            shown["LastChange"] = event_timestamp(self.current_change)
        shown["Origin"] = {"Account": self.account, "Key": app_key}
        return shown

    def feed_item(self, receipt: str) -> dict[str, object]:
        """Write it as a feed gives it."""
        return {
            "eventId": self.event_id,
            "handle": receipt,
            "domain": self.domain,
            "state": self.state,
            "lastState": self.last_state,
            "orderId": self.order_id,
            "lastChange": event_timestamp(self.last_change),
            "currentChange": event_timestamp(self.current_change),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FromWorkflow:
    """Want an order whenever it comes to one of these states; VTEX does not check whether they exist."""

    statuses: frozenset[str]

    def document(self) -> dict[str, object]:
        """Show it as it was configured."""
        return {"type": "FromWorkflow", "status": sorted(self.statuses)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FromOrders:
    """Want an order whenever its document changes and satisfies an expression; or only the first time it does."""

    text: str
    expression: Expression | None
    """None when the text is not understood: then it never matches."""
    disable_single_fire: bool = False

    def document(self) -> dict[str, object]:
        """Show it as it was configured."""
        return {"type": "FromOrders", "expression": self.text, "disableSingleFire": self.disable_single_fire}


Filter = FromWorkflow | FromOrders


class Change:
    """An order that was written; without ``before`` it is new."""

    def __init__(self, before: Order | None, after: Order, options: SandboxOptions, now: datetime) -> None:
        """Compare two versions of an order."""
        self.before = before
        self.after = after
        self.now = now
        self._options = options
        self._document: Mapping[str, object] | None = None

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Name the sides of the sale that announce it."""
        both = self._options.both_domains and self.after.identity.origin != "Fulfillment"
        return ("Marketplace", "Fulfillment") if both else ("Fulfillment",)

    @property
    def transitions(self) -> list[tuple[str, str]]:
        """List the states that the order came to, each with the one before."""
        state, last_state = self.after.status, self.before.status if self.before else ""
        if state == last_state:
            return []
        if state != "invoiced":
            return [(state, last_state)]
        # On its way to invoiced, an order passes the state in which the invoice is written.
        return [("invoice", last_state or "handling"), ("invoiced", "invoice")]

    def matches(self, expression: Expression) -> bool:
        """Tell whether the document as it is now satisfies an expression."""
        if self._document is None:
            self._document = order_document(self.after, self.after.order_id, self._options)
        return expression.matches(self._document)

    def events(self, state: str, last_state: str) -> list[OrderEvent]:
        """Announce one state, once for each domain."""
        return [
            OrderEvent(
                event_id=secrets.token_hex(16).upper(),
                account=self.after.account,
                order_id=self.after.order_id,
                domain=domain,
                state=state,
                last_state=last_state,
                last_change=self.before.last_change if self.before else self.after.created_at,
                current_change=self.now,
            )
            for domain in self.domains
        ]


@dataclass(slots=True, kw_only=True, eq=False)
class Subscription:
    """Who wants to hear of which orders of an account: one for each application key."""

    account: str
    app_key: str
    filter: Filter
    active_at: datetime
    """When it was configured, or last had an event: an idle one is removed."""
    fired: set[str] = field(default_factory=set)
    """The orders that a single-fire filter has announced."""

    def wanted(self, change: Change, *, again: bool = False) -> list[OrderEvent]:
        """Tell what there is to announce of a change; ``again`` does not mind that it was announced before."""
        if change.after.account != self.account:
            return []
        match self.filter:
            case FromWorkflow(statuses=statuses):
                steps = [step for step in change.transitions if step[0] in statuses]
                return [event for step in steps for event in change.events(*step)]
            case FromOrders(expression=expression, disable_single_fire=repeats):
                order_id = change.after.order_id
                known = order_id in self.fired and not repeats and not again
                if expression is None or known or not change.matches(expression):
                    return []
                if not repeats:
                    self.fired.add(order_id)
                steps = change.transitions or [(change.after.status, change.after.status)]
                return change.events(*steps[-1])
