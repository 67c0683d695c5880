"""What the forms of the console do, and what they refuse."""

import pytest
from sqlalchemy import insert, update

from app.store.schema import accounts, shipments, subjects
from tests.console.conftest import Enter
from tests.console.filling import add, do, subject, told
from tests.console.visitor import Visitor
from tests.web.stage import Relay, webhook_body


class TestActions:
    def test_a_parcel_is_linked_by_hand_and_the_link_taken_back(self, relay: Relay, me: Visitor) -> None:
        told(relay, webhook_body("MISTYPED"))
        order = add(relay, order_id="v9-01", invoice_number="77", tracking_numbers=[])
        path = f"/parked/{subject(relay, 'MISTYPED')}"

        sought = me.open(path, q="77")
        assert order in str(sought.tags)
        linked = me.send(
            f"{path}/link", {"reason": "on the phone", "shipment_id": order, **sought.form(f"/console{path}/link")}
        )

        assert f"/console{path}?done=linked" == linked.headers["location"]
        after = me.open(path, done="linked")
        assert "It was linked" in after.text
        assert "A person linked the parcel to this order." in me.open(f"/orders/{order}").text
        log = me.open("/audit", action="subject.").text
        assert "operator linked by hand" in log
        assert "on the phone" in log
        back = me.send(f"{path}/unlink", {"reason": "wrong one", **after.form(f"/console{path}/unlink")})
        assert 303 == back.status_code
        assert "waits for its order" in me.open(path).text

    def test_what_cannot_be_linked_is_refused_in_words(self, relay: Relay, me: Visitor) -> None:
        told(relay, webhook_body("MISTYPED"))
        order = add(relay, tracking_numbers=[])
        path = f"/parked/{subject(relay, 'MISTYPED')}"
        token = me.open(path).form("/console/logout")
        do(relay, update(subjects).values(state="placed"))

        refused = me.send(f"{path}/link", {**token, "reason": "x", "shipment_id": order})
        missing = me.send(f"{path}/link", {**token, "reason": "x", "shipment_id": "sh_0000000000000"})
        empty = me.send(f"{path}/link", {**token, "reason": " ", "shipment_id": order})
        long = me.send(f"{path}/link", {**token, "reason": "x" * 501, "shipment_id": order})

        assert [409, 404, 422, 422] == [each.status_code for each in (refused, missing, empty, long)]
        assert "it does not wait for a shipment any more" in refused.text

    def test_an_account_is_stopped_and_resumed_with_a_reason_in_the_audit_log(self, relay: Relay, me: Visitor) -> None:
        page = "/accounts/mystore"
        me.send(f"{page}/pause", {"reason": "inventory"}, on=page)
        stopped = me.open(page, done="pause").text
        me.send(f"{page}/resume", {"reason": ""}, on=page)

        assert "A person stopped it." in stopped
        assert "inventory" in stopped
        assert "VTEX is called." in me.open(page).text
        log = me.open("/audit").text
        assert "resumed the account mystore" in log
        assert "stopped the account mystore inventory" in log
        assert 409 == me.send(f"{page}/probe", me.open("").form("/console/logout")).status_code
        assert 404 == me.send(f"{page}/erase", me.open("").form("/console/logout")).status_code
        assert 422 == me.send(f"{page}/pause", me.open("").form("/console/logout")).status_code
        del relay

    def test_what_was_learnt_is_shown_with_its_evidence_and_forgotten(self, relay: Relay, me: Visitor) -> None:
        learnt = {"verdict": "full", "order_id": "v1-01", "reason": "tried"}
        relay.ops("PUT", "/accounts/mystore/history", json=learnt)
        page = "/accounts/mystore"

        assert "What its PUT does replaces all rows" in me.open(page).text
        assert "earlier rows were gone" in me.open(page).text
        me.send(f"{page}/history-reset", {"reason": "anew"}, on=page)
        assert "not learnt yet" in me.open(page).text

    @pytest.mark.parametrize("state", ["held", "probing", "paused"])
    def test_a_resting_account_says_what_it_waits_for(self, relay: Relay, me: Visitor, state: str) -> None:
        now = relay.dependencies.now()
        do(relay, insert(accounts).values(account="mystore", state=state, until=None, reason="401", changed_at=now))

        page = me.open("/accounts/mystore")

        offered = {action.rpartition("/")[2] for action in page.all("form", "action")}
        assert ({"resume", "probe"} <= offered) == (state != "paused")
        assert "mystore" in me.open("/problems").text


def test_what_was_given_up_is_taken_up_from_its_page_and_by_cause(relay: Relay, me: Visitor) -> None:
    one, other = add(relay), add(relay, order_id="v2-01", tracking_numbers=[])
    do(relay, update(shipments).values(dead_reason="no success within 3 days: 502", due_at=None))

    assert "2 shipments" in me.open("/problems").text
    me.send(f"/orders/{one}/redrive", {"reason": "mended"}, on=f"/orders/{one}")
    sent = me.send("/problems/redrive", {"reason": "mended"}, on="/problems")

    assert "/console/problems?n=1&done=redriven#dead" == sent.headers["location"]
    assert "1 shipments were taken up again." in me.open("/problems", done="redriven", n=1).text
    assert ["due", "due"] == [relay.ops("GET", f"/shipments/{id_}").json()["state"] for id_ in (one, other)]
    assert "It was taken up again" in me.open(f"/orders/{one}", done="redriven").text
    assert 2 == me.open("/audit", action="shipment.").text.count("operator took up again")


def test_a_row_is_written_by_hand_and_shown_for_what_it_is(relay: Relay, me: Visitor, enter: Enter) -> None:
    id_ = add(relay, tracking_numbers=["QX-1"])
    told(relay, webhook_body("QX-1"))
    path, words = f"/orders/{id_}", {"text": "Entrega em verificação", "city": "Campinas", "state": "SP"}

    sent = me.send(f"{path}/correct", {**words, "reason": "the shopper says that nothing came"}, on=path)
    page = me.open(path, done="corrected")
    viewer = enter("support")

    assert f"/console{path}?done=corrected" == sent.headers["location"]
    assert "Written by hand" in page.text
    assert "A person wrote on the timeline by hand." in page.text
    assert "does not know" not in page.text
    assert "Entrega em verificação" in me.open("/events").text
    log = me.open("/audit", action="shipment.").text
    assert "wrote on the timeline of" in log
    assert "the shopper says that nothing came" in log
    assert 422 == me.send(f"{path}/correct", {"text": "x"}, on=path).status_code
    token = viewer.open("").form("/console/logout")
    assert "Write a row" not in viewer.open(path).text
    assert 403 == viewer.send(f"{path}/correct", {**token, **words, "reason": "x"}).status_code
