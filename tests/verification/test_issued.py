"""Tokens that the relay issues to carriers."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MissingCredential, StaleTimestamp, Unverified, WrongCredential
from app.verification import Credentials, IssuedToken, client_of, issue, verify
from tests.verification.requests import NOW, request

SCHEME = IssuedToken()
BOTH = Credentials(secrets=("client-new:secret-new", "client-old:secret-old"))


def delivery(token: str, **headers: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", **headers}


@pytest.mark.parametrize(("pair", "index"), [("client-new:secret-new", 0), ("client-old:secret-old", 1)])
def test_a_token_of_any_live_secret_is_accepted_until_it_ends(pair: str, index: int) -> None:
    token, lasts = issue(pair, NOW)

    for age in (0, lasts):
        proof = verify(SCHEME, request(delivery(token)), BOTH, NOW + timedelta(seconds=age))
        assert index == proof.secret


def test_an_ended_token_is_stale() -> None:
    token, lasts = issue(BOTH.secrets[0], NOW)

    with pytest.raises(StaleTimestamp):
        verify(SCHEME, request(delivery(token)), BOTH, NOW + timedelta(seconds=lasts + 301))


def test_a_token_of_a_secret_that_was_taken_out_is_refused() -> None:
    token, _ = issue("client-gone:secret-gone", NOW)

    with pytest.raises(WrongCredential):
        verify(SCHEME, request(delivery(token)), BOTH, NOW)


def test_a_token_whose_end_was_moved_is_refused() -> None:
    token, _ = issue(BOTH.secrets[0], NOW)
    version, ends, digest = token.split(".")

    with pytest.raises(WrongCredential):
        verify(SCHEME, request(delivery(f"{version}.{int(ends) + 1}.{digest}")), BOTH, NOW)


def test_a_client_id_beside_the_token_must_be_its_own() -> None:
    token, _ = issue(BOTH.secrets[0], NOW)
    own = {"x-api-key": "client-new"}

    assert 0 == verify(SCHEME, request(delivery(token, **own)), BOTH, NOW).secret
    with pytest.raises(WrongCredential):
        verify(SCHEME, request(delivery(token, **{"x-api-key": "client-old"})), BOTH, NOW)


@given(st.text(max_size=80))
def test_no_other_text_is_a_token(text: str) -> None:
    with pytest.raises(Unverified):
        verify(SCHEME, request({"authorization": f"Bearer {text}"}), BOTH, NOW)


def test_a_sample_is_sent_with_a_token_of_the_first_secret() -> None:
    headers = SCHEME.sign(request(), BOTH, NOW)

    assert 0 == verify(SCHEME, request(dict(headers)), BOTH, NOW).secret


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def test_a_token_request_proves_its_client_with_http_basic() -> None:
    assert "client-old:secret-old" == client_of(basic("client-old:secret-old"), BOTH)


@pytest.mark.parametrize("authorization", [None, "", "Bearer x"])
def test_a_token_request_without_basic_credentials_is_refused(authorization: str | None) -> None:
    with pytest.raises(MissingCredential):
        client_of(authorization, BOTH)


@pytest.mark.parametrize("authorization", ["Basic %%%", basic("client-old:secret-new"), basic(":"), basic("")])
def test_a_token_request_with_wrong_credentials_is_refused(authorization: str) -> None:
    with pytest.raises(WrongCredential):
        client_of(authorization, BOTH)


def test_a_secret_without_its_second_half_issues_nothing() -> None:
    with pytest.raises(WrongCredential):
        client_of(basic("client:"), Credentials(secrets=("client:", "client")))
