"""Tokens on their page: made and shown once, given another secret, taken back, all of it written down."""

import re

import httpx
import pytest

from tests.console.conftest import Enter
from tests.console.visitor import Page, Visitor
from tests.web.stage import Relay

TOKEN = re.compile(r"relay_[\w-]{43}")


def opens(relay: Relay, token: str) -> bool:
    headers = {"authorization": f"Bearer {token}"}
    return 200 == httpx.get(f"{relay.stage.url}/ops/v1/accounts", headers=headers).status_code


def token_on(answer: httpx.Response) -> str:
    (found,) = set(TOKEN.findall(answer.text))
    return str(found)


def test_a_token_is_made_shown_once_rotated_and_taken_back(relay: Relay, enter: Enter) -> None:
    me = enter("admin")
    fields = {"name": "night-shift", "role": "operator", "expires_in_days": "30", "account.mystore": "1"}

    made = me.send("/access", {**fields, "reason": "for the night"}, on="/access")
    first = token_on(made)
    listed = me.open("/access").text
    rotated = me.send("/access/rotate", {"name": "night-shift", "grace_hours": "0"}, on="/access")
    second = token_on(rotated)
    were = opens(relay, first), opens(relay, second)
    taken = me.send("/access/revoke", {"name": "night-shift", "reason": "it is day"}, on="/access")

    assert "no-store" == made.headers["cache-control"]
    assert "The token of night-shift" in Page(made.text).text
    assert "night-shift operator mystore opens" in listed
    assert not TOKEN.search(listed)
    assert (False, True) == were
    assert "/console/access?done=revoked" == taken.headers["location"]
    assert "its sessions are over" in me.open("/access", done="revoked").text
    assert not opens(relay, second)
    log = me.open("/audit", action="token.").text
    assert all(words in log for words in ("made a token for", "gave another secret to", "took back the token of"))
    assert not TOKEN.search(log)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "x y", "role": "viewer"}, 422),
        ({"name": "x", "role": "king"}, 422),
        ({"name": "x"}, 422),
        ({"name": "x", "role": "viewer", "expires_in_days": "soon"}, 422),
        ({"name": "operator", "role": "viewer"}, 409),
        ({"name": "x", "role": "viewer", "account.unheard-of": "1"}, 422),
    ],
    ids=["a name with a space", "no such role", "no role", "no number", "a name that is taken", "no such account"],
)
def test_what_cannot_be_made_is_refused_in_words(enter: Enter, fields: dict[str, str], status: int) -> None:
    answer = enter("admin").send("/access", fields, on="/access")

    assert status == answer.status_code, answer.text[-600:]
    assert not TOKEN.search(answer.text)


def test_only_admins_see_it_and_may_do_it(me: Visitor) -> None:
    token = me.open("").form("/console/logout")

    assert "/console/access" not in me.open("").all("a", "href")
    assert 403 == me.get("/access").status_code
    for path in ("/access", "/access/rotate", "/access/revoke"):
        sent = me.send(path, {**token, "name": "mine", "role": "admin", "reason": "x"})
        assert 403 == sent.status_code
        assert not TOKEN.search(sent.text)
