"""Something of everything that the console shows, made over the relay's own interfaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from tests.web.stage import Relay, webhook_body


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The ids of what there is, each by its owner."""

    webhooks: Mapping[str, str]
    refusals: Mapping[str, str]
    shipments: Mapping[str, str]
    subjects: Mapping[str, str]


class Doing:
    """Run a statement, or whatever else takes a connection."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def run(self, connection: Connection) -> Any:
        return self._work(connection) if callable(self._work) else connection.execute(self._work)


def do(relay: Relay, work: Any) -> Any:
    return relay.on_the_loop(relay.store.write(Doing(work)))


def told(relay: Relay, body: object = None, owner: str = "mystore", **more: Any) -> str:
    """Let a carrier tell of a parcel, and read it."""
    id_: str = relay.deliver(body, path=f"/webhooks/signed/{owner}", **more).json()["id"]
    relay.read()
    return id_


def add(relay: Relay, **differences: Any) -> str:
    asked = {"account": "mystore", "order_id": "v1-01", "invoice_number": "0001", "tracking_numbers": ["QX-1"]}
    answer = relay.ops("POST", "/shipments", json=asked | differences)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def subject(relay: Relay, number: str) -> str:
    (item,) = relay.ops("GET", "/parked", params={"tracking_number": number}).json()["items"]
    return str(item["id"])


def filled(relay: Relay) -> Filled:
    """Give each owner a webhook that waits and one that was refused, and each account a shipment with an event."""
    webhooks, refusals, subjects, shipments = {}, {}, {}, {}
    for owner in ("mystore", "other", "brands"):
        webhooks[owner] = told(relay, webhook_body(f"WAITS-{owner}"), owner)
        subjects[owner] = subject(relay, f"WAITS-{owner}")
        refused = relay.deliver(path=f"/webhooks/signed/{owner}", headers={"X-Signature": "0" * 64})
        refusals[owner] = refused.json()["id"]
    for account in ("mystore", "other"):
        shipments[account] = add(relay, account=account, tracking_numbers=[f"HERE-{account}"])
        told(relay, webhook_body(f"HERE-{account}"), account)
    relay.refusals()
    return Filled(webhooks=webhooks, refusals=refusals, shipments=shipments, subjects=subjects)
