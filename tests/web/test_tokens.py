"""The token endpoint, and webhooks that are delivered with its tokens."""

import pytest

from app.source import Source, Sources
from app.verification import Credentials, IssuedToken
from tests.web.conftest import Start
from tests.web.stage import Clock, Relay, made_up, source

PAIR = ("an-invented-client", "an-invented-client-secret")
BODY = {"number": "QX004512345BR", "id": "1", "events": [{"code": "moving", "at": "2026-11-20T10:00:00Z"}]}


def fetching() -> Source:
    adapter = made_up("fetching", verification=IssuedToken())
    return Source(
        owner="mystore", accounts=("mystore",), adapter=adapter, credentials=Credentials(secrets=(":".join(PAIR),))
    )


@pytest.fixture
def relay(start: Start) -> Relay:
    return start(sources=Sources([fetching(), source("signed")]))


def token_of(relay: Relay) -> str:
    answer = relay.http.post("/oauth/fetching/mystore/token", auth=PAIR, data={"grant_type": "client_credentials"})
    assert 200 == answer.status_code
    return str(answer.json()["access_token"])


def deliver(relay: Relay, token: str) -> int:
    answer = relay.http.post("/webhooks/fetching/mystore", json=BODY, headers={"authorization": f"Bearer {token}"})
    return answer.status_code


def test_a_fetched_token_delivers_webhooks_until_it_ends(relay: Relay, clock: Clock) -> None:
    token = token_of(relay)

    assert 200 == deliver(relay, token)
    clock.advance(hours=5)
    assert 401 == deliver(relay, token)
    assert 200 == deliver(relay, token_of(relay))


def test_the_answer_says_how_long_the_token_lasts_and_is_never_cached(relay: Relay) -> None:
    answer = relay.http.post("/oauth/fetching/mystore/token", auth=PAIR)

    assert {"token_type": "Bearer", "expires_in": 14400} == {
        name: value for name, value in answer.json().items() if name != "access_token"
    }
    assert "no-store" == answer.headers["cache-control"]


def test_a_client_that_is_not_configured_gets_the_refusal_of_the_protocol(relay: Relay) -> None:
    answer = relay.http.post("/oauth/fetching/mystore/token", auth=(PAIR[0], "another secret"))

    assert (401, "invalid_client") == (answer.status_code, answer.json()["error"])
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "path", ["/oauth/signed/mystore/token", "/oauth/fetching/other/token", "/oauth/no/mystore/token"]
)
def test_no_token_is_issued_where_no_carrier_fetches_one(relay: Relay, path: str) -> None:
    assert 404 == relay.http.post(path, auth=PAIR).status_code
