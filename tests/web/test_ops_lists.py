"""Lists of the operators' interface: what they are searched by, how they are paged, and how they leave as files."""

import csv
import io
import json
from itertools import product
from typing import Any

import pytest

from app.store.queries import paging
from app.web.ops.exporting import cell
from tests.web.stage import Relay, webhook_body

SHIPMENT = {"account": "mystore", "invoice_number": "1"}


def told(relay: Relay, number: str, code: str = "moving", *, owner: str = "mystore", **event: Any) -> str:
    """Have a carrier tell of a parcel."""
    body = webhook_body(number, code)
    body["events"] = [{"code": code, "at": "2026-03-04T10:00:00-03:00", "text": "Objeto em trânsito", **event}]
    answer = relay.deliver(body, path=f"/webhooks/signed/{owner}")
    id_: str = answer.json()["id"]
    relay.read()
    return id_


def listed(relay: Relay, path: str, *, token: str = "viewer", **query: Any) -> list[dict[str, Any]]:
    answer = relay.ops("GET", path, token=token, params=query)
    assert 200 == answer.status_code, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestWebhooks:
    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ({"code": "moving"}, ["A"]),
            ({"code": "odd"}, ["B"]),
            ({"milestone": "UNKNOWN"}, ["B"]),
            ({"milestone": "DELIVERED"}, ["C"]),
            ({"milestone": "DELIVERED", "code": "moving"}, []),
            ({"adapter_version": 1}, ["C", "B", "A"]),
            ({"adapter_version": 2}, []),
        ],
    )
    def test_they_are_found_by_what_they_brought(self, relay: Relay, query: dict[str, Any], numbers: list[str]) -> None:
        for number, code in (("A", "moving"), ("B", "odd"), ("C", "done")):
            told(relay, number, code)

        assert numbers == [item["tracking_numbers"][0] for item in listed(relay, "/webhooks", **query)]

    def test_one_that_is_no_milestone_is_refused_with_its_name(self, relay: Relay) -> None:
        answer = relay.ops("GET", "/webhooks", params={"milestone": "LOST"})

        assert (422, "milestone") == (answer.status_code, answer.json()["errors"][0]["field"])

    def test_a_text_is_found_in_bodies_however_its_json_is_written(self, relay: Relay) -> None:
        escaped = told(relay, "A", text="Sã Paulo")
        told(relay, "B", text="Recife")
        raw = relay.http.post(
            "/webhooks/keyed/mystore/k3y-0f-the-path",
            content='{"id":"d-C","number":"C","events":[{"code":"odd","at":"2026-03-04","text":"Sã Paulo"}]}'.encode(),
            headers={"Content-Type": "application/json"},
        )

        found = listed(relay, "/webhooks", token="operator", body="Sã Paulo")

        assert [raw.json()["id"], escaped] == [item["id"] for item in found]

    def test_whoever_may_not_see_bodies_learns_nothing_by_searching_them(self, relay: Relay) -> None:
        told(relay, "A")

        for token, body in product(("viewer", "support"), ("Objeto", "nowhere")):
            answer = relay.ops("GET", "/webhooks", token=token, params={"body": body})
            assert (403, "/problems/forbidden") == (answer.status_code, answer.json()["type"])

    def test_too_many_bodies_are_not_read(self, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
        told(relay, "A")
        told(relay, "B", "odd")
        monkeypatch.setattr("app.store.queries.bodies.SEARCHED", 1)

        broad = relay.ops("GET", "/webhooks", params={"body": "Objeto"})
        narrow = listed(relay, "/webhooks", token="operator", body="Objeto", code="odd")

        assert (422, "body") == (broad.status_code, broad.json()["errors"][0]["field"])
        assert [["B"]] == [item["tracking_numbers"] for item in narrow]


class TestEvents:
    def test_they_are_found_by_what_a_person_would_ask_for(self, relay: Relay) -> None:
        relay.ops("POST", "/shipments", json={**SHIPMENT, "order_id": "v1-01", "tracking_numbers": ["A-1"]})
        told(relay, "A1")
        told(relay, "B", "odd")
        told(relay, "C", "done", owner="other")

        def subjects(**query: Any) -> list[str]:
            return [item["subject"] for item in listed(relay, "/events", **query)]

        assert ["number:C", "number:B", "number:A1"] == subjects()
        assert ["number:B", "number:A1"] == subjects(account="mystore")
        assert ["number:C"] == subjects(milestone="DELIVERED")
        assert ["number:B"] == subjects(code="odd", carrier="signed")
        assert ["number:A1"] == subjects(tracking_number="a1")
        assert ["number:A1"] == subjects(placed=True)
        assert ["number:C", "number:B"] == subjects(placed=False)
        assert [] == subjects(until="2026-03-04T18:04:31Z")
        assert 3 == len(subjects(since="2026-03-04T18:04:31Z"))

    def test_no_list_shows_names_not_even_to_support(self, relay: Relay) -> None:
        told(relay, "A", text="Entregue. Recebido por: Fulana de Exemplo")

        for token in ("viewer", "support", "admin"):
            assert "Fulana" not in json.dumps(listed(relay, "/events", token=token))


class TestPaging:
    def test_pages_stay_while_rows_arrive(self, relay: Relay) -> None:
        ids = [told(relay, f"N{number}") for number in range(5)][::-1]
        first = relay.ops("GET", "/webhooks", params={"limit": 2}).json()
        told(relay, "LATE")
        second = relay.ops("GET", "/webhooks", params={"limit": 2, "cursor": first["next"]}).json()
        told(relay, "LATER")
        third = relay.ops("GET", "/webhooks", params={"limit": 2, "cursor": second["next"]}).json()

        assert ids == [item["id"] for page in (first, second, third) for item in page["items"]]
        assert third["next"] is None

    def test_a_page_looks_through_so_many_rows_and_says_where_to_go_on(
        self, relay: Relay, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wanted = told(relay, "OLD", "odd")
        for number in range(5):
            told(relay, f"N{number}")
        monkeypatch.setattr(paging, "LOOKED_THROUGH", 2)

        found, pages, cursor = [], 0, None
        while pages == 0 or cursor is not None:
            more: dict[str, str] = {} if cursor is None else {"cursor": cursor}
            page = relay.ops("GET", "/webhooks", params={"code": "odd", **more}).json()
            found += [item["id"] for item in page["items"]]
            pages, cursor = pages + 1, page["next"]

        assert ([wanted], 4) == (found, pages)


class TestExports:
    def test_a_list_leaves_as_csv_by_the_same_filters(self, relay: Relay) -> None:
        told(relay, "A")
        told(relay, "B", "odd")
        answer = relay.ops("GET", "/events/export", token="viewer", params={"code": "odd"})
        rows = list(csv.DictReader(io.StringIO(answer.text)))

        assert "text/csv; charset=utf-8" == answer.headers["content-type"]
        assert 'attachment; filename="events.csv"' == answer.headers["content-disposition"]
        assert [("number:B", "odd", "UNKNOWN")] == [(row["subject"], row["code"], row["milestone"]) for row in rows]

    def test_ndjson_holds_exactly_what_the_list_shows(self, relay: Relay) -> None:
        for number in range(3):
            told(relay, f"N{number}")
        answer = relay.ops("GET", "/webhooks/export", token="viewer", params={"format": "ndjson"})

        assert listed(relay, "/webhooks") == [json.loads(line) for line in answer.text.splitlines()]

    def test_it_goes_on_through_every_page(self, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.web.ops.exporting._PAGE", 2)
        ids = [told(relay, f"N{number}") for number in range(5)]

        rows = csv.DictReader(io.StringIO(relay.ops("GET", "/webhooks/export").text))

        assert ids[::-1] == [row["id"] for row in rows]

    def test_what_a_spreadsheet_would_run_is_a_text(self, relay: Relay) -> None:
        told(relay, "A", "=HYPERLINK(1)", text="@SUM(1)")
        answer = relay.ops("GET", "/events/export", token="viewer")
        (row,) = csv.DictReader(io.StringIO(answer.text))

        assert ("'=HYPERLINK(1)", "'@SUM(1)") == (row["code"], row["description"])

    @pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])  # noqa: RUF001
    def test_every_beginning_of_a_formula_is_marked(self, text: str) -> None:
        assert f"'{text}" == cell(text)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, ""),
            (True, "true"),
            (-3, "-3"),
            (0.5, "0.5"),
            ("a=b", "a=b"),
            (["a", "b"], "a; b"),
            ({"a": 1}, '{"a": 1}'),
        ],
    )
    def test_other_values_are_written_as_they_are(self, value: object, text: str) -> None:
        assert text == cell(value)

    def test_who_took_which_list_is_written_down(self, relay: Relay) -> None:
        relay.ops("GET", "/events/export", token="viewer", params={"code": "odd", "format": "ndjson"})
        (entry,) = listed(relay, "/audit", token="admin", action="list.exported")

        assert ("viewer", "list:events") == (entry["actor"], entry["target"])
        assert {"format": "ndjson", "filters": {"code": "odd"}} == entry["detail"]

    def test_what_is_refused_is_no_export(self, relay: Relay) -> None:
        answer = relay.ops("GET", "/events/export", token="mystore-operator", params={"account": "other"})

        assert (403, []) == (answer.status_code, listed(relay, "/audit", token="admin", action="list.exported"))

    def test_it_holds_nothing_of_others(self, relay: Relay) -> None:
        told(relay, "MINE")
        told(relay, "THEIRS", owner="other")

        for path in ("/webhooks", "/events", "/parked"):
            text = relay.ops("GET", f"{path}/export", token="mystore-operator").text
            assert ("MINE" in text, "THEIRS" in text) == (True, False), path


class TestQuietShipments:
    def test_parcels_on_their_way_without_news_are_listed_the_quietest_first(self, relay: Relay, clock: Any) -> None:
        for number in ("A", "B", "C", "D"):
            asked = {**SHIPMENT, "order_id": f"v{number}-01", "tracking_numbers": [number]}
            relay.ops("POST", "/shipments", json=asked)
        told(relay, "B")
        clock.advance(days=1)
        told(relay, "A")
        told(relay, "C", "done")
        clock.advance(days=6)

        quiet = listed(relay, "/shipments/quiet", silence="5d")
        first = relay.ops("GET", "/shipments/quiet", params={"silence": "5d", "limit": 1}).json()
        second = relay.ops("GET", "/shipments/quiet", params={"silence": "5d", "cursor": first["next"]}).json()

        assert [("vB-01", 7.0), ("vA-01", 6.0)] == [(item["order_id"], item["quiet_days"]) for item in quiet]
        assert quiet == [*first["items"], *second["items"]]
        assert ["vB-01"] == [item["order_id"] for item in listed(relay, "/shipments/quiet", silence="150h")]
        # One of which no carrier ever told is not quiet: it may be sent by somebody whom the relay does not know.
        assert ["vD-01"] == [item["order_id"] for item in listed(relay, "/shipments", heard=False)]

    def test_news_end_the_silence(self, relay: Relay, clock: Any) -> None:
        relay.ops("POST", "/shipments", json={**SHIPMENT, "order_id": "v1-01", "tracking_numbers": ["A"]})
        told(relay, "A")
        clock.advance(days=6)
        assert 1 == len(listed(relay, "/shipments/quiet"))

        told(relay, "A", "odd")

        assert [] == listed(relay, "/shipments/quiet")

    def test_what_comes_late_does_not_make_a_delivered_one_quiet(self, relay: Relay, clock: Any) -> None:
        relay.ops("POST", "/shipments", json={**SHIPMENT, "order_id": "v1-01", "tracking_numbers": ["A"]})
        told(relay, "A", "done")
        clock.advance(days=6)

        assert [] == listed(relay, "/shipments/quiet")

    @pytest.mark.parametrize("cursor", ["x", "c_0000000000000", "q_0000000000000-q_ZZZZZZZZZZZZZ", "q_0000000000000"])
    def test_a_cursor_that_it_did_not_give_is_refused(self, relay: Relay, cursor: str) -> None:
        assert 422 == relay.ops("GET", "/shipments/quiet", params={"cursor": cursor}).status_code


class TestReadings:
    WORDS = "Entregue. Recebido por: Fulana de Exemplo"

    def readings(self, relay: Relay) -> list[tuple[str, str]]:
        entries = listed(relay, "/audit", token="admin")
        return [(entry["actor"], entry["target"]) for entry in entries if entry["action"].endswith(".read-unmasked")]

    def test_whoever_sees_what_is_hidden_from_others_stands_in_the_audit_log(self, relay: Relay, clock: Any) -> None:
        id_ = told(relay, "A", text=self.WORDS)
        parked = listed(relay, "/parked")[0]["id"]
        refused = relay.deliver(headers={"X-Signature": "0" * 64}).json()["id"]
        relay.refusals()

        relay.ops("GET", f"/webhooks/{id_}", token="viewer")
        assert [] == self.readings(relay)
        relay.ops("GET", f"/webhooks/{id_}", token="support")
        relay.ops("GET", f"/webhooks/{id_}", token="support")
        relay.ops("GET", f"/parked/{parked}", token="operator")
        relay.ops("GET", f"/refusals/{refused}", token="admin")
        clock.advance(minutes=20)
        relay.ops("GET", f"/webhooks/{id_}", token="support")

        expected = [("support", f"webhook:{id_}"), ("operator", f"subject:{parked}"), ("admin", f"refusal:{refused}")]
        assert [*expected, ("support", f"webhook:{id_}")] == self.readings(relay)[::-1]
        assert 2 == len(listed(relay, "/audit", token="admin", target=f"webhook:{id_}"))
