"""Each page by role and by account: what the operators' interface refuses, the console refuses."""

import pytest

from tests.console.conftest import Enter
from tests.console.filling import Filled, filled
from tests.web.stage import Relay

LIMITED = "mystore-operator"
LISTS = ("", "/orders", "/webhooks", "/problems", "/parked", "/refusals", "/replays", "/codes", "/accounts", "/audit")
ROLES = ("viewer", "support", "operator", "admin")


@pytest.fixture
def full(relay: Relay) -> Filled:
    return filled(relay)


def details(full: Filled, owner: str) -> dict[str, str]:
    """Name the pages about what is an owner's."""
    found = {
        "webhook": f"/webhooks/{full.webhooks[owner]}",
        "refusal": f"/refusals/{full.refusals[owner]}",
        "subject": f"/parked/{full.subjects[owner]}",
    }
    if owner in full.shipments:
        found |= {"order": f"/orders/{full.shipments[owner]}", "account": f"/accounts/{owner}"}
    return found


def test_every_role_may_look_at_every_page(enter: Enter, full: Filled) -> None:
    for role in ROLES:
        visitor = enter(role)
        for path in (*LISTS, *details(full, "mystore").values(), *details(full, "other").values()):
            visitor.open(path)


def test_a_token_of_one_account_sees_its_own_and_nothing_else(enter: Enter, full: Filled) -> None:
    visitor = enter(LIMITED)

    for path in details(full, "mystore").values():
        visitor.open(path)
    for owner in ("other", "brands"):
        for path in details(full, owner).values():
            assert "or this token may not see it" in visitor.open(path, 404).text
    for path in LISTS:
        text = visitor.get(path).text
        for foreign in (full.webhooks, full.refusals, full.subjects, full.shipments):
            assert [] == [id_ for owner, id_ in foreign.items() if owner != "mystore" and id_ in text], path
        assert "WAITS-other" not in text
        assert "/accounts/other" not in text


@pytest.mark.parametrize("path", ["/orders", "/webhooks", "/parked", "/refusals"])
@pytest.mark.parametrize("account", ["other", "brands", "nobody"])
def test_a_token_of_one_account_cannot_ask_for_another(enter: Enter, path: str, account: str) -> None:
    assert "limited to mystore" in enter(LIMITED).open(path, 403, account=account).text


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_viewers_and_support_change_nothing_and_are_offered_nothing(
    relay: Relay, enter: Enter, full: Filled, role: str
) -> None:
    visitor = enter(role)
    token = visitor.open("").form("/console/logout")
    changes = {
        "/accounts/mystore/pause": {"reason": "x"},
        "/accounts/mystore/resume": {},
        "/accounts/mystore/probe": {},
        "/accounts/mystore/history-reset": {"reason": "x"},
        f"/parked/{full.subjects['mystore']}/link": {"reason": "x", "shipment_id": full.shipments["mystore"]},
        f"/parked/{full.subjects['mystore']}/unlink": {"reason": "x"},
    }
    for path, fields in changes.items():
        answer = visitor.send(path, {**token, **fields})
        assert 403 == answer.status_code, path
        assert f"has the role {role}; this takes operator" in answer.text
    for path in ("/problems", *details(full, "mystore").values()):
        actions = visitor.open(path).all("form", "action")
        assert not {action for action in actions if action.endswith(("/link", "/pause", "/resume", "/probe"))}
    entries = relay.ops("GET", "/audit").json()["items"]
    assert not {entry["action"] for entry in entries} & {"account.stopped", "subject.linked"}


def test_an_operator_of_one_account_changes_only_that(enter: Enter, full: Filled) -> None:
    visitor = enter(LIMITED)
    token = visitor.open("").form("/console/logout")

    for path in ("/accounts/other/pause", f"/parked/{full.subjects['other']}/link"):
        answer = visitor.send(path, {**token, "reason": "x", "shipment_id": full.shipments["mystore"]})
        assert 404 == answer.status_code
    foreign = {**token, "reason": "x", "shipment_id": full.shipments["other"]}
    assert 404 == visitor.send(f"/parked/{full.subjects['mystore']}/link", foreign).status_code
    assert 404 == visitor.send(f"/orders/{full.shipments['other']}/evidence", token).status_code


def test_requests_as_they_came_are_for_operators_and_evidence_is_for_support(enter: Enter, full: Filled) -> None:
    webhook, order = full.webhooks["mystore"], full.shipments["mystore"]
    for role, is_raw, is_given in (("viewer", False, False), ("support", False, True), ("operator", True, True)):
        visitor = enter(role)
        token = visitor.open("").form("/console/logout")
        shown = visitor.open(f"/webhooks/{webhook}").text
        assert ("What your role may not see of persons is masked." in shown) != is_raw
        assert (200 if is_raw else 403) == visitor.get(f"/webhooks/{webhook}/body").status_code
        assert (200 if is_given else 403) == visitor.send(f"/orders/{order}/evidence", token).status_code


def test_only_operators_are_told_what_explains_a_refusal(enter: Enter, full: Filled) -> None:
    path = f"/refusals/{full.refusals['mystore']}"

    assert "It takes the role of operator to be told." in enter("support").open(path).text
    assert "Only operators are told this" in enter().open(path).text


def test_the_audit_log_shows_a_limited_token_its_own_doings(relay: Relay, enter: Enter) -> None:
    for account, token in (("other", "operator"), ("mystore", "operator"), ("mystore", LIMITED)):
        relay.ops("POST", f"/accounts/{account}/pause", token=token, json={"reason": f"{token} on {account}"})

    text = enter(LIMITED).open("/audit").text

    assert "operator on mystore" in text
    assert f"{LIMITED} on mystore" in text
    assert "on other" not in text
    assert 403 == relay.ops("GET", "/audit", token=LIMITED, params={"account": "other"}).status_code
