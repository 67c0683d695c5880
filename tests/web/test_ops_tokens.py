"""Tokens made at run time: what they open, until when, and who may make them."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.store.access_schema import tokens
from app.web import Role, Token
from tests.web.conftest import Start
from tests.web.stage import Clock, Relay

NEW = {"name": "night-shift", "role": "operator"}


def made(relay: Relay, **asked: Any) -> str:
    answer = relay.ops("POST", "/tokens", token="admin", json={**NEW, **asked})
    assert 201 == answer.status_code, answer.text
    text: str = answer.json()["token"]
    return text


def opens(relay: Relay, text: str, path: str = "/webhooks") -> int:
    return relay.http.get(f"/ops/v1{path}", headers={"Authorization": f"Bearer {text}"}).status_code


def shown(relay: Relay, name: str = "night-shift", *, token: str = "admin") -> dict[str, Any]:
    items = relay.ops("GET", "/tokens", token=token).json()["items"]
    found: dict[str, Any] = next(item for item in items if item["name"] == name)
    return found


def audited(relay: Relay) -> list[tuple[str, str, str, str | None]]:
    items = relay.ops("GET", "/audit", token="admin", params={"action": "token."}).json()["items"]
    return [(item["actor"], item["action"], item["target"], item["reason"]) for item in items][::-1]


def test_a_token_opens_what_its_role_and_accounts_allow(relay: Relay) -> None:
    text = made(relay, role="viewer", accounts=["mystore"])

    assert text.startswith("relay_")
    assert (200, 403, 200, 404) == (
        opens(relay, text),
        opens(relay, text, "/tokens"),
        opens(relay, text, "/accounts/mystore"),
        opens(relay, text, "/accounts/other"),
    )


def test_the_store_and_the_list_hold_nothing_that_opens(relay: Relay) -> None:
    text = made(relay)
    row = relay.on_the_loop(relay.store.read(lambda c: c.execute(select(tokens)).mappings().one()))

    assert hashlib.sha256(text.encode()).hexdigest() == row["sha256"]
    assert text not in str(dict(row))
    assert row["sha256"] not in relay.ops("GET", "/tokens", token="admin").text
    assert (
        "no-store" == relay.ops("POST", "/tokens/night-shift/rotate", token="admin", json={}).headers["cache-control"]
    )


def test_it_ends_by_itself(relay: Relay, clock: Clock) -> None:
    text = made(relay, expires_in_days=7)
    clock.advance(days=6, hours=23)
    assert 200 == opens(relay, text)
    clock.advance(hours=1)

    assert (401, "expired") == (opens(relay, text), shown(relay)["state"])


def test_a_rotated_one_opens_beside_the_new_one_for_a_while(relay: Relay, clock: Clock) -> None:
    old = made(relay)
    new = relay.ops("POST", "/tokens/night-shift/rotate", token="admin", json={"grace_hours": 2}).json()["token"]
    assert (200, 200) == (opens(relay, old), opens(relay, new))
    clock.advance(hours=2)

    assert (401, 200) == (opens(relay, old), opens(relay, new))
    at_once = relay.ops("POST", "/tokens/night-shift/rotate", token="admin", json={"grace_hours": 0}).json()["token"]
    assert (401, 200) == (opens(relay, new), opens(relay, at_once))


def test_one_that_was_taken_back_opens_nothing_any_more(relay: Relay) -> None:
    old = made(relay)
    new = relay.ops("POST", "/tokens/night-shift/rotate", token="admin", json={}).json()["token"]
    revoked = relay.ops("POST", "/tokens/night-shift/revoke", token="admin", json={"reason": "left the company"})

    assert (200, "revoked") == (revoked.status_code, shown(relay)["state"])
    assert (401, 401) == (opens(relay, old), opens(relay, new))
    for path in ("rotate", "revoke"):
        again = relay.ops("POST", f"/tokens/night-shift/{path}", token="admin", json={"reason": "twice"})
        assert (409, "/problems/token-state") == (again.status_code, again.json()["type"])


def test_a_name_is_never_given_twice(relay: Relay) -> None:
    made(relay)
    relay.ops("POST", "/tokens/night-shift/revoke", token="admin", json={"reason": "left"})

    for name in ("night-shift", "viewer"):
        answer = relay.ops("POST", "/tokens", token="admin", json={**NEW, "name": name})
        assert (409, "/problems/token-state") == (answer.status_code, answer.json()["type"])


def test_those_of_the_settings_are_listed_and_change_there(relay: Relay) -> None:
    answer = relay.ops("POST", "/tokens/viewer/revoke", token="admin", json={"reason": "why not"})

    assert (409, "settings") == (answer.status_code, shown(relay, "viewer")["origin"])
    assert 200 == relay.ops("GET", "/webhooks", token="viewer").status_code


def test_it_is_known_when_each_was_last_used(relay: Relay, clock: Clock) -> None:
    text = made(relay)
    assert shown(relay)["used_at"] is None
    opens(relay, text)
    first = clock().isoformat().replace("+00:00", "Z")
    clock.advance(minutes=1)
    opens(relay, text)
    assert first == shown(relay)["used_at"]
    clock.advance(minutes=5)
    opens(relay, text)

    assert clock().isoformat().replace("+00:00", "Z") == shown(relay)["used_at"]


def test_every_change_is_written_down(relay: Relay) -> None:
    made(relay, reason="nights")
    relay.ops("POST", "/tokens/night-shift/rotate", token="admin", json={"reason": "was in a ticket"})
    relay.ops("POST", "/tokens/night-shift/revoke", token="admin", json={"reason": "left"})

    assert [
        ("admin", "token.made", "token:night-shift", "nights"),
        ("admin", "token.rotated", "token:night-shift", "was in a ticket"),
        ("admin", "token.revoked", "token:night-shift", "left"),
    ] == audited(relay)


class TestOfALimitedAdmin:
    @pytest.fixture
    def limited(self, start: Start) -> Relay:
        relay = start()
        token = Token(
            name="branch",
            role=Role.ADMIN,
            sha256=hashlib.sha256(b"token-of-branch").hexdigest(),
            accounts=frozenset({"mystore"}),
        )
        return start(tokens=replace(relay.dependencies, tokens=(*relay.dependencies.tokens, token)).tokens)

    @pytest.mark.parametrize("accounts", [None, ["other"], ["mystore", "other"]])
    def test_it_gives_no_more_than_it_has(self, limited: Relay, accounts: list[str] | None) -> None:
        answer = limited.ops("POST", "/tokens", token="branch", json={**NEW, "accounts": accounts})

        assert 403 == answer.status_code
        seen = limited.ops("GET", "/tokens", token="branch").json()["items"]
        assert ["branch", "mystore-operator"] == [item["name"] for item in seen]

    def test_it_makes_and_takes_back_its_own(self, limited: Relay) -> None:
        assert 201 == limited.ops("POST", "/tokens", token="branch", json={**NEW, "accounts": ["mystore"]}).status_code
        revoked = limited.ops("POST", "/tokens/night-shift/revoke", token="branch", json={"reason": "over"})

        assert 200 == revoked.status_code

    def test_those_that_open_more_do_not_exist_for_it(self, limited: Relay) -> None:
        made(limited)
        for name in ("night-shift", "admin", "nobody"):
            answer = limited.ops("POST", f"/tokens/{name}/revoke", token="branch", json={"reason": "x"})
            assert (404, "/problems/not-found") == (answer.status_code, answer.json()["type"])


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "a b"},
        {"name": ""},
        {"name": "x" * 65},
        {"role": "root"},
        {"accounts": []},
        {"expires_in_days": 0},
        {"sha256": "00"},
    ],
)
def test_what_makes_no_token_is_refused(relay: Relay, asked: dict[str, Any]) -> None:
    assert 422 == relay.ops("POST", "/tokens", token="admin", json={**NEW, **asked}).status_code


def test_an_account_that_is_not_configured_is_named(relay: Relay) -> None:
    answer = relay.ops("POST", "/tokens", token="admin", json={**NEW, "accounts": ["nobody"]})

    assert "/problems/unknown-account" == answer.json()["type"]
