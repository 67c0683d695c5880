"""What was given up is taken up again over the operators' interface, one by one or by cause, and audited."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, select, update
from typer.testing import CliRunner

from app.cli.application import application
from app.store.schema import audit, rows, shipments
from tests.web.stage import Relay, webhook_body

GONE = "VTEX has no such order or invoice: Order Not Found"
TIRED = "no success within 3 days, 0:00:00: 502"


class Doing:
    """Run something on a connection."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def run(self, connection: Connection) -> Any:
        return self._work(connection)


def given_up(relay: Relay, reasons: Mapping[str, str | None], account: str = "mystore") -> dict[str, str]:
    """Add a shipment for each order, and give it up for a reason; without one VTEX refused a row of it."""
    ids = {}
    for order, reason in reasons.items():
        asked = {"account": account, "order_id": order, "invoice_number": "1", "tracking_numbers": [f"N-{order}"]}
        ids[order] = relay.ops("POST", "/shipments", json=asked).json()["id"]
        if reason is None:
            relay.deliver(webhook_body(f"N-{order}"), path=f"/webhooks/signed/{account}")
            relay.read()

        def give_up(connection: Connection, order: str = order, reason: str | None = reason) -> None:
            its = shipments.c.order_id == order
            values = {"due_at": None, "dead_reason": reason, "attempts": 7}
            connection.execute(update(shipments).where(its).values(**values))
            if reason is None:
                of_it = rows.c.shipment_id.in_(select(shipments.c.id).where(its))
                connection.execute(update(rows).where(of_it).values(state="dead", reason="VTEX refused it (400)"))

        relay.on_the_loop(relay.store.write(Doing(give_up)))
    return ids


def audited(relay: Relay) -> list[tuple[str, str | None, Any]]:
    query = select(audit.c.actor, audit.c.reason, audit.c.detail).where(audit.c.action == "shipment.redriven")
    return [tuple(row) for row in relay.on_the_loop(relay.store.read(lambda c: c.execute(query).all()))]


def test_one_is_taken_up_once_and_it_is_written_down(relay: Relay) -> None:
    ids = given_up(relay, {"v1-01": GONE})
    path = f"/shipments/{ids['v1-01']}/redrive"
    woken = len(relay.woken)

    taken = relay.ops("POST", path, json={"reason": "imported late"})
    again = relay.ops("POST", path, json={"reason": "twice"})

    assert (200, "due", None, 0) == (
        taken.status_code,
        *(taken.json()[name] for name in ("state", "dead_reason", "attempt_count")),
    )
    assert (409, "/problems/shipment-state") == (again.status_code, again.json()["type"])
    assert [("operator", "imported late", {"dead_reason": GONE})] == audited(relay)
    assert woken < len(relay.woken)


def test_a_cause_is_taken_up_page_by_page_and_no_other(relay: Relay) -> None:
    given_up(relay, {"v1-01": GONE, "v2-01": TIRED, "v3-01": TIRED, "v4-01": None})
    given_up(relay, {"v5-01": TIRED}, "other")

    causes = relay.ops("GET", "/shipments/dead/causes").json()["items"]
    first = relay.ops("POST", "/shipments/redrive", json={"cause": "exhausted", "reason": "mended", "limit": 2}).json()
    then = relay.ops(
        "POST", "/shipments/redrive", json={"cause": "exhausted", "reason": "mended", "cursor": first["next"]}
    ).json()
    left = relay.ops("GET", "/shipments/dead/causes").json()["items"]

    counted = [(item["account"], item["cause"], item["count"]) for item in causes]
    assert [
        ("mystore", "exhausted", 2),
        ("mystore", "missing", 1),
        ("mystore", "refused", 1),
        ("other", "exhausted", 1),
    ] == counted
    assert [(2, 0), (1, 0)] == [(answer["redriven"], answer["passed"]) for answer in (first, then)]
    assert then["next"] is None
    assert [("missing", 1), ("refused", 1)] == [(item["cause"], item["count"]) for item in left]
    assert 3 == len(audited(relay))


def test_rows_that_vtex_refused_are_taken_up_with_their_account(relay: Relay) -> None:
    ids = given_up(relay, {"v4-01": None})

    answer = relay.ops("POST", "/shipments/redrive", json={"account": "mystore", "reason": "date_format was wrong"})

    assert (1, None) == (answer.json()["redriven"], answer.json()["next"])
    assert ["pending"] == [row["state"] for row in relay.ops("GET", f"/shipments/{ids['v4-01']}").json()["rows"]]


def test_what_is_of_another_account_stays_and_everything_at_once_is_refused(relay: Relay) -> None:
    ids = given_up(relay, {"v1-01": GONE}, "other")
    limited = "mystore-operator"

    assert (
        404 == relay.ops("POST", f"/shipments/{ids['v1-01']}/redrive", token=limited, json={"reason": "x"}).status_code
    )
    by_cause = relay.ops("POST", "/shipments/redrive", token=limited, json={"cause": "missing", "reason": "x"})
    by_account = relay.ops("POST", "/shipments/redrive", token=limited, json={"account": "other", "reason": "x"})
    everything = relay.ops("POST", "/shipments/redrive", json={"reason": "x"})

    assert (0, 403, 422) == (by_cause.json()["redriven"], by_account.status_code, everything.status_code)
    assert [] == relay.ops("GET", "/shipments/dead/causes", token=limited).json()["items"]
    assert [] == audited(relay)


def test_the_command_takes_up_ids_or_everything_of_a_cause(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = given_up(relay, {"v1-01": GONE, "v2-01": TIRED, "v3-01": None})
    monkeypatch.setenv("RELAY_OPS_URL", relay.stage.url)
    monkeypatch.setenv("RELAY_OPS_TOKEN", "token-of-operator")

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(application, ["shipments", *arguments])
        return result.exit_code, result.output

    summed = run("dead")
    assert (0, True) == (summed[0], "mystore  exhausted  1" in summed[1])
    assert (0, "1 shipments were taken up again.\n") == run("redrive", ids["v1-01"], "--reason", "x")
    assert (0, '{"redriven": 1, "passed": 0}\n') == run("redrive", "--cause", "exhausted", "--reason", "x", "--json")
    assert 1 == run("redrive", ids["v1-01"], "--reason", "x")[0]
    assert 2 == run("redrive", "--reason", "x")[0]
    assert 2 == run("redrive", ids["v1-01"], "--account", "mystore", "--reason", "x")[0]
    assert (0, "1 shipments were taken up again.\n") == run("redrive", "--account", "mystore", "--reason", "x")
    assert (0, "Nothing was given up.\n") == run("dead")
