"""What waits for its shipment is listed, explained and linked by hand, each by whom it concerns."""

from typing import Any

import pytest
from sqlalchemy import select, update

from app.store.schema import audit, rows, subjects
from tests.web.stage import Clock, Relay, webhook_body

SHIPMENT = {"account": "mystore", "order_id": "v1-01", "invoice_number": "1", "tracking_numbers": ["KNOWN"]}
WHY = {"reason": "the carrier mistyped it"}
LIMITED = "mystore-operator"


def told(relay: Relay, number: str, code: str = "moving", owner: str = "mystore") -> None:
    """Let a carrier tell of a parcel, and map it."""
    relay.deliver(webhook_body(number, code), path=f"/webhooks/signed/{owner}")
    relay.read()


def waiting(relay: Relay, path: str = "/parked", token: str = "operator", **query: Any) -> list[dict[str, Any]]:
    answer = relay.ops("GET", path, token=token, params=query)
    assert 200 == answer.status_code, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def id_of(relay: Relay, number: str) -> str:
    (item,) = waiting(relay, tracking_number=number)
    return str(item["id"])


def add(relay: Relay, **differences: Any) -> str:
    answer = relay.ops("POST", "/shipments", json={**SHIPMENT, **differences})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def events_on(relay: Relay, shipment: str) -> list[str]:
    return [event["code"] for event in relay.ops("GET", f"/shipments/{shipment}").json()["events"]]


def link(relay: Relay, subject: str, shipment: str, token: str = "operator") -> Any:
    return relay.ops("POST", f"/parked/{subject}/link", token=token, json={**WHY, "shipment_id": shipment})


class Changing:
    def __init__(self, statement: Any) -> None:
        self.statement = statement

    def run(self, connection: Any) -> None:
        connection.execute(self.statement)


class TestLists:
    def test_filters_and_causes(self, relay: Relay, clock: Clock) -> None:
        told(relay, "A1")
        clock.advance(hours=1)
        told(relay, "B2", owner="other")

        (first, second) = waiting(relay)
        assert ("number:B2", "number:A1") == (first["subject"], second["subject"])
        assert ("parked", "unknown-number", "signed") == (first["state"], first["cause"], first["carrier"])
        found = {
            "account=other": waiting(relay, account="other"),
            "number": waiting(relay, tracking_number="b-2"),
            "since": waiting(relay, since=clock().isoformat()),
        }
        assert [[first]] * 3 == list(found.values())
        assert [second] == waiting(relay, until=clock().isoformat())
        assert (
            [] == waiting(relay, cause="ambiguous") == waiting(relay, carrier="keyed") == waiting(relay, "/unmatched")
        )
        assert [
            {"owner": owner, "carrier": "signed", "cause": "unknown-number", "count": 1}
            for owner in ("mystore", "other")
        ] == waiting(relay, "/parked/causes")

    def test_pages_hold_still_while_more_arrives(self, relay: Relay) -> None:
        for number in range(5):
            told(relay, f"A{number}")
        page = relay.ops("GET", "/parked", params={"limit": "2"}).json()
        told(relay, "NEW")
        seen = [item["subject"] for item in page["items"]]
        while page["next"]:
            page = relay.ops("GET", "/parked", params={"limit": "2", "cursor": page["next"]}).json()
            seen += [item["subject"] for item in page["items"]]

        assert [f"number:A{number}" for number in (4, 3, 2, 1, 0)] == seen

    @pytest.mark.parametrize(
        "query",
        [
            {"cause": "'; DROP TABLE subjects"},
            {"limit": "0"},
            {"cursor": "x"},
            {"since": "2026-03-04"},
            {"account": "a" * 200},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("path", ["/parked", "/unmatched"])
    def test_a_filter_that_makes_no_sense_is_422(self, relay: Relay, path: str, query: dict[str, str]) -> None:
        status = relay.ops("GET", path, params=query).status_code
        assert (200 if "cause" in query and path == "/unmatched" else 422) == status

    def test_hostile_filters_find_nothing(self, relay: Relay) -> None:
        told(relay, "A1")
        for text in ("%", "' OR 1=1 --", "\x00", "*", "number:A1"):
            assert [] == waiting(relay, tracking_number=text), text
            assert [] == waiting(relay, carrier=text), text

    def test_what_was_unmatched_is_still_woken(self, relay: Relay) -> None:
        told(relay, "KNOWN")
        expired = update(subjects).values(state="unmatched", lookup_at=None)
        relay.on_the_loop(relay.store.write(Changing(expired)))
        assert ["number:KNOWN"] == [item["subject"] for item in waiting(relay, "/unmatched")]

        shipment = add(relay)

        assert [] == waiting(relay, "/unmatched")
        assert ["moving"] == events_on(relay, shipment)


class TestLinking:
    def test_a_link_places_what_came_and_what_comes_and_is_audited(self, relay: Relay) -> None:
        told(relay, "MISTYPED")
        shipment = add(relay)
        subject = id_of(relay, "MISTYPED")

        linked = link(relay, subject, shipment)
        told(relay, "MISTYPED", "done")

        assert ("placed", shipment) == (linked.json()["state"], linked.json()["linked_to"])
        assert ["moving", "done"] == events_on(relay, shipment)
        assert [] == waiting(relay)
        (entry,) = [each for each in _audit(relay) if each.action == "subject.linked"]
        assert ("operator", WHY["reason"]) == (entry.actor, entry.reason)

    def test_a_link_holds_against_a_shipment_that_appears_later(self, relay: Relay) -> None:
        told(relay, "MISTYPED")
        shipment = add(relay)
        link(relay, id_of(relay, "MISTYPED"), shipment)

        later = add(relay, order_id="v2-01", tracking_numbers=["MISTYPED", "KNOWN"])
        told(relay, "MISTYPED", "done")

        assert (["moving", "done"], []) == (events_on(relay, shipment), events_on(relay, later))

    def test_unlinking_takes_back_what_was_not_sent(self, relay: Relay) -> None:
        told(relay, "MISTYPED")
        shipment = add(relay)
        subject = id_of(relay, "MISTYPED")
        link(relay, subject, shipment)

        unlinked = relay.ops("POST", f"/parked/{subject}/unlink", json=WHY)

        assert ("parked", None) == (unlinked.json()["state"], unlinked.json()["linked_to"])
        assert [] == events_on(relay, shipment)
        assert "subject.unlinked" in {entry.action for entry in _audit(relay)}
        add(relay, tracking_numbers=["MISTYPED"])
        assert ["moving"] == events_on(relay, shipment)

    @pytest.mark.parametrize("state", ["sent", "applied", "dead"])
    def test_what_went_out_stays(self, relay: Relay, clock: Clock, state: str) -> None:
        told(relay, "MISTYPED")
        shipment = add(relay)
        subject = id_of(relay, "MISTYPED")
        link(relay, subject, shipment)
        relay.on_the_loop(relay.store.write(Changing(update(rows).values(state=state, sent_at=clock()))))

        refused = relay.ops("POST", f"/parked/{subject}/unlink", json=WHY)

        assert (409, "/problems/subject-state") == (refused.status_code, refused.json()["type"])
        assert "1 of its rows went to VTEX already" in refused.json()["detail"]
        assert ["moving"] == events_on(relay, shipment)

    def test_what_cannot_be_meant_is_refused(self, relay: Relay) -> None:
        told(relay, "MISTYPED")
        subject = id_of(relay, "MISTYPED")
        shipment = add(relay)
        foreign = add(relay, account="other")
        late = add(relay, order_id="v3-01", invoiced_at="2026-06-04T12:04:31-03:00")
        placed = link(relay, subject, shipment)
        assert placed.is_success
        told(relay, "NEXT")
        other = id_of(relay, "NEXT")

        answers = [
            link(relay, subject, shipment),
            link(relay, other, foreign),
            link(relay, other, late),
            relay.ops("POST", f"/parked/{other}/unlink", json=WHY),
        ]

        assert [
            "it does not wait for a shipment any more",
            "the shipment is of none of the accounts among which its shipment is sought",
            "all its events came more than 30 days before the shipment was invoiced",
            "nobody linked it",
        ] == [answer.json()["detail"].partition(": ")[2].rstrip(".") for answer in answers]
        assert {409} == {answer.status_code for answer in answers}
        assert 404 == link(relay, other, "sh_0000000000000").status_code
        assert 422 == relay.ops("POST", f"/parked/{other}/link", json={"shipment_id": shipment}).status_code

    def test_candidates_say_why_they_fit_or_not(self, relay: Relay) -> None:
        told(relay, "TWICE", owner="brands")
        add(relay, tracking_numbers=["TWICE"], account="other")
        own = add(relay)
        relay.on_the_loop(relay.store.write(Changing(update(subjects).values(state="parked"))))
        subject = id_of(relay, "TWICE")

        (candidate,) = relay.ops("GET", f"/parked/{subject}").json()["candidates"]

        assert ("other", True, ["it holds the tracking number"], []) == tuple(
            candidate[name] for name in ("account", "fits", "agrees", "differs")
        )
        assert own != candidate["id"]


def _audit(relay: Relay) -> list[Any]:
    return list(relay.on_the_loop(relay.store.read(lambda connection: connection.execute(select(audit)).all())))


ROUTES = (
    ("GET", "/parked"),
    ("GET", "/unmatched"),
    ("GET", "/parked/causes"),
    ("GET", "/parked/su_0000000000000"),
    ("POST", "/parked/su_0000000000000/link"),
    ("POST", "/parked/su_0000000000000/unlink"),
    ("GET", "/sources"),
)


class TestWhoMay:
    @pytest.mark.parametrize(("method", "path"), ROUTES)
    def test_without_a_token_nothing_and_only_operators_change(self, relay: Relay, method: str, path: str) -> None:
        assert 401 == relay.http.request(method, f"/ops/v1{path}").status_code
        assert 401 == relay.ops(method, path, token="nobody").status_code
        body = {**WHY, "shipment_id": "sh_0000000000000"} if method == "POST" else None
        if path.endswith("unlink"):
            body = WHY
        unprivileged = 403 if method == "POST" else 404 if "su_" in path else 200
        statuses = [relay.ops(method, path, token=role, json=body).status_code for role in ("viewer", "support")]
        assert [unprivileged] * 2 == statuses
        assert (404 if "su_" in path else 200) == relay.ops(method, path, json=body).status_code

    def test_a_limited_token_sees_and_links_its_own_only(self, relay: Relay) -> None:
        """Of the group `brands` that token knows only one of two accounts, so its subjects do not exist for it."""
        subjects_of = {}
        for owner in ("mystore", "other", "brands"):
            told(relay, f"N-{owner}", owner=owner)
            subjects_of[owner] = id_of(relay, f"N-{owner}")
        own, foreign = add(relay), add(relay, account="other")

        assert ["number:NMYSTORE"] == [item["subject"] for item in waiting(relay, token=LIMITED)]
        assert ["mystore"] == [item["owner"] for item in waiting(relay, "/parked/causes", token=LIMITED)]
        assert {"mystore"} == {item["owner"] for item in waiting(relay, "/sources", token=LIMITED)}
        assert 403 == relay.ops("GET", "/parked", token=LIMITED, params={"account": "other"}).status_code
        for owner in ("other", "brands"):
            assert 404 == relay.ops("GET", f"/parked/{subjects_of[owner]}", token=LIMITED).status_code
            assert 404 == link(relay, subjects_of[owner], own, LIMITED).status_code
            unlinked = relay.ops("POST", f"/parked/{subjects_of[owner]}/unlink", token=LIMITED, json=WHY)
            assert 404 == unlinked.status_code
        assert 404 == link(relay, subjects_of["mystore"], foreign, LIMITED).status_code
        assert 200 == link(relay, subjects_of["mystore"], own, LIMITED).status_code
        assert 200 == link(relay, subjects_of["brands"], foreign).status_code


def test_the_match_rate_of_a_source_counts_each_parcel_once(relay: Relay, clock: Clock) -> None:
    for number in ("KNOWN", "LATE", "NEVER"):
        told(relay, number)
        told(relay, number, "done")
    add(relay)
    clock.advance(hours=2)
    add(relay, tracking_numbers=["LATE"])
    told(relay, "LATE", "moving-on")

    (source,) = [item for item in waiting(relay, "/sources") if item["name"] == "mystore/signed"]

    assert (3, 1, 2, 0.3333, 0.6667) == tuple(
        source[name] for name in ("subjects", "placed_within_hour", "placed", "match_rate_within_hour", "match_rate")
    )
    assert None is next(item for item in waiting(relay, "/sources") if item["name"] == "other/signed")["match_rate"]
    detail = relay.ops("GET", "/accounts/mystore").json()
    assert source in detail["sources"]
    assert {"mystore"} == {each["owner"] for each in detail["sources"]}
