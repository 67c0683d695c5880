"""People whom a trusted proxy logged in."""

from ipaddress import ip_network
from typing import Any

import pytest

from app.settings import load_settings
from app.web import Role
from app.web.dependencies import ConsoleOptions
from tests.console.conftest import Enter
from tests.console.visitor import Page, Visitor
from tests.web.conftest import Start
from tests.web.stage import Relay

ROLES = {"relay-ops": Role.OPERATOR, "everybody": Role.VIEWER}
MARIA = {"X-Forwarded-User": "maria@loja.example", "X-Forwarded-Groups": "everybody, relay-ops"}


@pytest.fixture
def behind(relay: Relay, start: Start) -> Relay:
    """Start the relay anew, behind a proxy on loopback."""
    del relay
    return start(trusted_proxies=(ip_network("127.0.0.0/8"),), console=ConsoleOptions(proxy_roles=ROLES))


def arrive(enter: Enter, *headers: Any, follow: bool = True) -> Visitor:
    return enter(None, headers=list(headers[0].items()) if headers else None, follow_redirects=follow)


def test_who_is_named_is_let_in_with_the_best_role_of_their_groups(behind: Relay, enter: Enter) -> None:
    me = arrive(enter, MARIA)

    page = me.open("/webhooks")

    assert "maria@loja.example operator" in page.text
    me.send("/accounts/mystore/pause", {"reason": "inventory"}, on="/accounts/mystore")
    assert "proxy:maria@loja.example stopped the account" in me.open("/audit").text
    del behind


def test_they_are_who_the_proxy_says_with_each_request(behind: Relay, enter: Enter) -> None:
    me = arrive(enter, MARIA, follow=False)
    me.get("/login")
    inside = me.get("")

    me.http.headers["X-Forwarded-User"] = "joao@loja.example"
    other = me.get("")
    me.http.headers["X-Forwarded-User"] = "maria@loja.example"
    me.get("/login")
    me.http.headers["X-Forwarded-Groups"] = "everybody"
    demoted = me.get("")
    del me.http.headers["X-Forwarded-User"]
    unnamed = me.get("")

    assert [200, 303, 303, 303] == [each.status_code for each in (inside, other, demoted, unnamed)]
    del behind


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Forwarded-User", "maria")],
        [("X-Forwarded-User", "maria"), ("X-Forwarded-Groups", "strangers")],
        [("X-Forwarded-User", "maria"), ("X-Forwarded-User", "joao"), ("X-Forwarded-Groups", "relay-ops")],
        [("X-Forwarded-User", "maria"), ("X-Forwarded-Groups", "everybody"), ("X-Forwarded-Groups", "relay-ops")],
        [("X-Forwarded-User", ""), ("X-Forwarded-Groups", "relay-ops")],
        [("X-Forwarded-User", "m" * 101), ("X-Forwarded-Groups", "relay-ops")],
        [("X-Forwarded-Groups", "relay-ops")],
    ],
    ids=["no groups", "strangers", "two names", "two lists of groups", "no name", "a long name", "groups only"],
)
def test_whoever_is_not_clearly_named_with_a_group_of_ours_is_asked_for_a_token(
    behind: Relay, enter: Enter, headers: list[tuple[str, str]]
) -> None:
    stranger = enter(None, headers=headers)

    assert 303 == stranger.get("/webhooks").status_code
    assert 'type="password"' in stranger.get("/login").text
    assert 303 == stranger.get("/webhooks").status_code
    del behind


@pytest.mark.parametrize(
    "more",
    [
        {"trusted_proxies": (ip_network("192.0.2.0/24"),), "console": ConsoleOptions(proxy_roles=ROLES)},
        {"trusted_proxies": (), "console": ConsoleOptions(proxy_roles=ROLES)},
        {"trusted_proxies": (ip_network("127.0.0.0/8"),), "console": ConsoleOptions()},
    ],
    ids=["another network", "no proxy", "not configured"],
)
def test_nobody_else_may_say_who_somebody_is(relay: Relay, start: Start, enter: Enter, more: dict[str, Any]) -> None:
    del relay
    start(**more)
    stranger = enter(None, headers=MARIA | {"X-Forwarded-For": "192.0.2.9"})

    stranger.get("/login")

    assert 303 == stranger.get("/webhooks").status_code


def test_who_logs_out_stays_out_until_they_say_otherwise(behind: Relay, enter: Enter) -> None:
    me = arrive(enter, MARIA)
    me.open("")

    out = Page(me.send("/logout", on="").text)

    assert "Log in again as who you are known for" in out.text
    assert "/console/login" in out.all("a", "href")
    assert "Overview" in me.open("/login").text
    del behind


def test_a_forged_form_changes_nothing_for_them_either(behind: Relay, enter: Enter) -> None:
    me = arrive(enter, MARIA)
    me.open("")

    assert 403 == me.send("/accounts/mystore/pause", {"reason": "forged", "form_token": "0" * 64}).status_code
    assert "open" == behind.ops("GET", "/accounts/mystore").json()["state"]


def test_the_settings_name_the_groups_and_demand_a_proxy() -> None:
    roles = '{"relay-ops": "operator"}'
    settings = load_settings({"RELAY_CONSOLE_PROXY_ROLES": roles, "RELAY_TRUSTED_PROXIES": '["192.0.2.0/24"]'})

    assert {"relay-ops": "operator"} == dict(settings.console_proxy_roles)
    with pytest.raises(Exception, match=r"console_proxy_roles.* needs trusted_proxies"):
        load_settings({"RELAY_CONSOLE_PROXY_ROLES": roles})
