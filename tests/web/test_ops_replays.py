"""Many webhooks are read again: exactly what a preview showed, behind live traffic, through restarts."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, select, update

from app.crowd import Crowd
from app.duties import Duties
from app.mapping import BulkReplays
from app.model import Milestone
from app.source import Sources
from app.store import parse_public_id
from app.store.bulk_replays import AdvanceReplay, ReplayStep
from app.store.schema import audit, bodies, events, shipments, webhooks
from tests.web.conftest import Start
from tests.web.stage import SOURCES, Clock, Relay, mapper_of, webhook_body

REASON = "the adapter learnt the code"


class Doing:
    """Run something on a connection."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def run(self, connection: Connection) -> Any:
        return self._work(connection)


def do(relay: Relay, work: Any) -> Any:
    return relay.on_the_loop(relay.store.write(Doing(work)))


def received(relay: Relay, count: int, code: str = "odd", owner: str = "mystore") -> list[str]:
    """Receive webhooks with a code that nobody knows, and read them."""
    ids = []
    for number in range(count):
        body = webhook_body(f"N-{owner}-{number}", code)
        ids.append(relay.deliver(body, path=f"/webhooks/signed/{owner}").json()["id"])
    relay.read()
    return ids


def knowing(start: Start) -> Relay:
    """Start a relay in which the code has a meaning."""
    better = Sources([replace(source, milestones={"odd": Milestone.EXCEPTION}) for source in SOURCES])
    relay = start(sources=better)
    replayer = mapper_of(relay.store, better, relay.dependencies.now, lambda: None).replayer
    return start(sources=better, reread=replayer.shown)


def worker(relay: Relay, crowd: Crowd | None = None) -> BulkReplays:
    """Make the one who replays, as a process that starts does."""
    given = relay.dependencies
    replayer = mapper_of(given.store, given.sources, given.now, lambda: None).replayer
    duties = Duties(given.store, given.now, holder="one")
    owners = ("mystore", "other")
    return BulkReplays(given.store, replayer, duties, owners, now=given.now, mapped=lambda: None, crowd=crowd)


def preview(relay: Relay, token: str = "operator", **wanted: Any) -> dict[str, Any]:
    answer = relay.ops("POST", "/replays/preview", token=token, json=wanted)
    assert 200 == answer.status_code, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def started(relay: Relay, token: str, **more: Any) -> dict[str, Any]:
    answer = relay.ops("POST", "/replays", json={"token": token, "reason": REASON, "rate": 1000, **more})
    assert 201 == answer.status_code, answer.text
    job: dict[str, Any] = answer.json()
    return job


def state(relay: Relay, job: dict[str, Any]) -> tuple[str, int, int]:
    found = relay.ops("GET", f"/replays/{job['id']}").json()
    return found["state"], found["done"], found["failed"]


def milestones(relay: Relay) -> list[str]:
    query = select(events.c.milestone).order_by(events.c.id)
    return list(relay.on_the_loop(relay.store.read(lambda c: c.execute(query).scalars().all())))


def test_a_preview_counts_shows_and_changes_nothing(relay: Relay, start: Start) -> None:
    received(relay, 3)
    received(relay, 1, code="moving")
    shipment = {"account": "mystore", "order_id": "v1-01", "invoice_number": "1", "tracking_numbers": ["N-mystore-0"]}
    relay.ops("POST", "/shipments", json=shipment)
    relay = knowing(start)

    shown = preview(relay, carrier="signed", unknown=True)

    assert (3, 1) == (shown["count"], shown["orders"])
    assert [{"before": "UNKNOWN", "after": "EXCEPTION", "count": 3}] == shown["meanings"]
    assert [(0, 1, 0, None)] * 3 == [
        tuple(item[name] for name in ("new", "changed", "unchanged", "problem")) for item in shown["sample"]
    ]
    assert ["UNKNOWN"] * 3 + ["IN_TRANSIT"] == milestones(relay)
    assert [] == relay.ops("GET", "/replays").json()["items"]


def test_a_run_reads_what_the_preview_showed_and_nothing_that_came_since(
    relay: Relay, start: Start, clock: Clock
) -> None:
    received(relay, 25)
    relay = knowing(start)
    shown = preview(relay, account="mystore", unknown=True)
    late = relay.deliver(webhook_body("LATE", "odd")).json()["id"]
    do(
        relay,
        lambda c: c.execute(update(webhooks).where(webhooks.c.state == "stored").values(state="ignored")).rowcount,
    )
    job = started(relay, shown["token"])
    one = worker(relay)

    relay.on_the_loop(one.step())
    partly = state(relay, job)
    clock.advance(seconds=1)
    other = worker(relay)  # The first process died; it takes its place under the same name.
    for _ in range(2):
        relay.on_the_loop(other.step())
        clock.advance(seconds=1)

    assert (("running", 20, 0), ("done", 25, 0)) == (partly, state(relay, job))
    assert ["EXCEPTION"] * 25 == milestones(relay)
    assert "ignored" == relay.ops("GET", f"/webhooks/{late}").json()["state"]
    found = relay.ops("GET", f"/replays/{job['id']}").json()
    assert (0, 25, "mystore") == (found["new_events"], found["changed"], found["account"])
    query = select(audit.c.action, audit.c.actor, audit.c.reason).where(audit.c.action.startswith("replay."))
    written = relay.on_the_loop(relay.store.read(lambda c: [tuple(row) for row in c.execute(query)]))
    assert [("replay.started", "operator", REASON)] == written


def test_a_token_runs_once_within_the_hour_and_for_who_saw_the_preview(relay: Relay, clock: Clock) -> None:
    received(relay, 1)

    def start_with(token: str, who: str = "operator") -> int:
        return relay.ops("POST", "/replays", token=who, json={"token": token, "reason": "x"}).status_code

    mine, stale = (preview(relay, carrier="signed")["token"] for _ in range(2))
    codes = [start_with(mine, "admin"), start_with("invented"), start_with(mine), start_with(mine)]
    clock.advance(hours=1, seconds=1)

    assert [409, 409, 201, 409] == codes
    assert 409 == start_with(stale)
    assert 422 == relay.ops("POST", "/replays", json={"token": mine, "reason": " "}).status_code


def test_everything_at_once_and_what_is_anothers_are_refused(relay: Relay) -> None:
    received(relay, 1)
    received(relay, 2, owner="other")
    job = started(relay, preview(relay, carrier="signed")["token"])
    limited = "mystore-operator"

    assert 422 == relay.ops("POST", "/replays/preview", json={}).status_code
    assert 403 == relay.ops("POST", "/replays/preview", token=limited, json={"account": "other"}).status_code
    assert 1 == preview(relay, limited, carrier="signed")["count"]
    assert 404 == relay.ops("GET", f"/replays/{job['id']}", token=limited).status_code
    assert 404 == relay.ops("POST", f"/replays/{job['id']}/cancel", token=limited).status_code
    assert [] == relay.ops("GET", "/replays", token=limited).json()["items"]


def test_it_is_paused_resumed_and_cancelled(relay: Relay, clock: Clock) -> None:
    received(relay, 30)
    job = started(relay, preview(relay, carrier="signed")["token"], limit=25)
    one = worker(relay)

    def change(what: str) -> int:
        return relay.ops("POST", f"/replays/{job['id']}/{what}", json={"reason": "noon"}).status_code

    codes = [change("pause"), change("pause")]
    relay.on_the_loop(one.step())
    paused = state(relay, job)
    codes.append(change("resume"))
    relay.on_the_loop(one.step())
    codes += [change("cancel"), change("resume")]
    clock.advance(seconds=1)
    relay.on_the_loop(one.step())

    assert [200, 409, 200, 200, 409] == codes
    assert (("paused", 0, 0), ("cancelled", 20, 0)) == (paused, state(relay, job))
    assert 25 == relay.ops("GET", f"/replays/{job['id']}").json()["expected"]


def test_a_webhook_that_cannot_be_read_is_told_and_ends_nothing(relay: Relay, clock: Clock) -> None:
    ids = received(relay, 3)
    broken = relay.deliver({"id": "odd"}).json()["id"]
    relay.read()
    gone = do(relay, lambda c: c.execute(select(webhooks.c.id).order_by(webhooks.c.id).limit(1)).scalar_one())
    do(relay, lambda c: c.execute(delete(bodies).where(bodies.c.webhook_id == gone)).rowcount)
    job = started(relay, preview(relay, carrier="signed")["token"])
    one = worker(relay)
    for _ in range(2):
        relay.on_the_loop(one.step())
        clock.advance(seconds=1)

    assert ("done", 4, 2) == state(relay, job)
    failures = relay.ops("GET", f"/replays/{job['id']}").json()["failures"]
    assert [ids[0], broken] == [each["webhook_id"] for each in failures]
    assert ["retention" in failures[0]["problem"], "$.events is missing" in failures[1]["problem"]] == [True, True]


def test_it_waits_while_what_comes_in_now_is_not_read(relay: Relay, clock: Clock) -> None:
    received(relay, 2)
    job = started(relay, preview(relay, carrier="signed")["token"])
    one = worker(relay)
    for number in range(64):
        relay.deliver(webhook_body(f"LIVE-{number}"))
    relay.on_the_loop(one.step())
    busy = relay.ops("GET", f"/replays/{job['id']}").json()
    relay.read()
    for _ in range(2):
        relay.on_the_loop(one.step())
        clock.advance(seconds=1)

    assert (0, True) == (busy["done"], "webhooks that come in now" in busy["problem"])
    assert ("done", 2, 0) == state(relay, job)


def test_it_waits_while_too_much_of_what_it_made_due_is_not_forwarded(relay: Relay) -> None:
    received(relay, 1)
    job = started(relay, preview(relay, carrier="signed")["token"])

    def pile_up(connection: Connection, count: int = 1000) -> None:
        now = relay.dependencies.now()
        fixed = {"account": "mystore", "invoice_number": "1", "invoice_bare": "1", "origin": "manual"}
        made = [
            {**fixed, "id": id_, "order_id": f"v{id_}-01", "created_at": now, "due_at": now, "later": True}
            for id_ in range(1, count + 1)
        ]
        connection.execute(shipments.insert(), made)

    do(relay, pile_up)
    relay.on_the_loop(worker(relay).step())
    busy = relay.ops("GET", f"/replays/{job['id']}").json()
    do(relay, lambda c: c.execute(update(shipments).where(shipments.c.id == 1).values(later=False)).rowcount)
    relay.on_the_loop(worker(relay).step())

    assert (0, True) == (busy["done"], "what it made due" in busy["problem"])
    assert 1 == state(relay, job)[1]


def test_what_it_makes_due_goes_behind_everything_else_until_something_happens_to_it(
    relay: Relay, start: Start
) -> None:
    received(relay, 2)
    for number in range(2):
        asked = {"account": "mystore", "order_id": f"v{number}-01", "invoice_number": "1"}
        relay.ops("POST", "/shipments", json={**asked, "tracking_numbers": [f"N-mystore-{number}"]})
    do(relay, lambda c: c.execute(update(shipments).values(due_at=None)).rowcount)
    relay = knowing(start)
    started(relay, preview(relay, carrier="signed")["token"])

    relay.on_the_loop(worker(relay).step())

    def later() -> list[bool]:
        query = select(shipments.c.later).order_by(shipments.c.id)
        return list(relay.on_the_loop(relay.store.read(lambda c: c.execute(query).scalars().all())))

    assert [True, True] == later()
    relay.deliver(webhook_body("N-mystore-0", "moving"))
    relay.read()
    assert [False, True] == later()


def test_what_came_since_is_not_read_even_where_something_of_the_preview_is_gone(relay: Relay, clock: Clock) -> None:
    received(relay, 2)
    token = preview(relay, carrier="signed")["token"]
    first = select(webhooks.c.id).order_by(webhooks.c.id).limit(1).scalar_subquery()
    do(relay, lambda c: c.execute(update(webhooks).where(webhooks.c.id == first).values(carrier="gone")).rowcount)
    received(relay, 1, "moving")
    job = started(relay, token)
    for _ in range(2):
        relay.on_the_loop(worker(relay).step())
        clock.advance(seconds=1)

    assert ("done", 1, 0) == state(relay, job)


def test_of_two_who_read_one_webhook_for_it_the_second_changes_nothing(relay: Relay) -> None:
    received(relay, 2)
    job = started(relay, preview(relay, carrier="signed")["token"])
    id_ = do(relay, lambda c: c.execute(select(webhooks.c.id).order_by(webhooks.c.id).limit(1)).scalar_one())
    stale = AdvanceReplay(
        id=parse_public_id("rp", job["id"]) or 0,
        position=0,
        step=ReplayStep(webhook_id=id_, recording=None, failure="x"),
        is_last=False,
        now=relay.dependencies.now(),
    )

    outcomes = [relay.on_the_loop(relay.store.write(stale)) for _ in range(2)]

    assert ([True, False], ("running", 1, 1)) == (outcomes, state(relay, job))
