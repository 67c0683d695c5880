"""Proof: the one way from a webhook to a verified one, and what it refuses before any scheme is asked."""

from dataclasses import FrozenInstanceError, replace
from ipaddress import ip_network

import pytest

from app.errors import MissingCredential, Unverified, WrongCredential
from app.verification import AnyOf, Basic, Bearer, Credentials, Hmac, Scheme, StaticHeader, Unsigned, same, seal, verify
from tests.verification.requests import NOW, OLD_AND_NEW, request

STATIC = StaticHeader(header="X-Token", prefix="Token ")
SCHEMES: tuple[Scheme, ...] = (STATIC, Bearer(), Basic(), Hmac(header="X-Signature"))
UNSIGNED = Unsigned(because="nothing better exists")


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_a_source_without_a_secret_refuses_everything(scheme: Scheme, secrets: tuple[str, ...]) -> None:
    empty = seal(scheme, request(), Credentials(secrets=("",)), NOW)

    with pytest.raises(MissingCredential, match="no secret is configured for this source"):
        verify(scheme, empty, Credentials(secrets=secrets), NOW)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
def test_an_empty_secret_beside_a_live_one_opens_nothing(scheme: Scheme) -> None:
    empty = seal(scheme, request(), Credentials(secrets=("",)), NOW)

    with pytest.raises(Unverified):
        verify(scheme, empty, Credentials(secrets=("", "live")), NOW)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
def test_every_live_secret_is_accepted_and_named_by_its_place(scheme: Scheme) -> None:
    for index, secret in enumerate(OLD_AND_NEW.secrets):
        sealed = seal(scheme, request(), Credentials(secrets=(secret,)), NOW)

        assert verify(scheme, sealed, OLD_AND_NEW, NOW).secret == index


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
@pytest.mark.parametrize("value", ["", " ", "x", "Bearer", "Bearer ", "Basic", "Basic %", "Basic w6c=x", "ç\xff"])
def test_a_wrong_header_is_refused(scheme: Scheme, value: str) -> None:
    (name,) = scheme.headers

    with pytest.raises(Unverified):
        verify(scheme, request({name: value}), OLD_AND_NEW, NOW)


def test_a_verified_webhook_says_by_which_scheme_and_cannot_be_changed() -> None:
    verified = verify(STATIC, seal(STATIC, request(), OLD_AND_NEW, NOW), OLD_AND_NEW, NOW)

    assert verified.scheme == "StaticHeader"
    with pytest.raises(FrozenInstanceError):
        verified.secret = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("peer", "accepted"),
    [
        ("203.0.113.7", True),
        ("::ffff:203.0.113.7", True),
        ("2001:db8::7", True),
        ("198.51.100.7", False),
        ("", False),
        ("unix", False),
    ],
)
def test_networks_bound_where_requests_come_from(peer: str, accepted: bool) -> None:
    networks = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))
    credentials = replace(OLD_AND_NEW, networks=networks)
    sealed = replace(seal(STATIC, request(), OLD_AND_NEW, NOW), peer=peer)

    if accepted:
        assert verify(STATIC, sealed, credentials, NOW).secret == 0
    else:
        with pytest.raises(WrongCredential, match="a network that is not configured"):
            verify(STATIC, sealed, credentials, NOW)


def test_the_header_of_a_static_secret_can_be_the_sources_own() -> None:
    renamed = replace(OLD_AND_NEW, header="X-Ours")
    sealed = seal(STATIC, request(), renamed, NOW)

    assert sealed.header("x-ours") == "Token new-secret"
    assert verify(STATIC, sealed, renamed, NOW).secret == 0
    with pytest.raises(MissingCredential, match="the header X-Token is missing or empty"):
        verify(STATIC, sealed, OLD_AND_NEW, NOW)


def test_basic_takes_the_whole_pair_or_the_user_alone() -> None:
    pair = {"Authorization": "Basic cmVsYXk6c2VjcmV0"}  # relay:secret

    assert verify(Basic(), request(pair), Credentials(secrets=("relay:secret",)), NOW).secret == 0
    assert verify(Basic(), request(pair), Credentials(secrets=("relay",)), NOW).secret == 0
    for other in ("relay:other", "secret", "relay:"):
        with pytest.raises(WrongCredential):
            verify(Basic(), request(pair), Credentials(secrets=(other,)), NOW)


def test_a_bearer_token_is_told_from_other_credentials() -> None:
    with pytest.raises(WrongCredential, match="holds no bearer token"):
        verify(Bearer(), request({"Authorization": "Basic new-secret"}), OLD_AND_NEW, NOW)
    assert verify(Bearer(), request({"Authorization": "bearer  new-secret"}), OLD_AND_NEW, NOW).secret == 0


def test_an_unsigned_webhook_needs_the_operators_word_and_the_path_key() -> None:
    verified = verify(UNSIGNED, request(), Credentials(unsigned=True, path_key=True), NOW)

    assert verified.secret == -1
    for credentials in (Credentials(), Credentials(unsigned=True), Credentials(path_key=True)):
        with pytest.raises(MissingCredential, match="needs unsigned = true and a path key"):
            verify(UNSIGNED, request(), credentials, NOW)


def test_of_several_ways_one_is_enough() -> None:
    scheme = AnyOf((StaticHeader(header="api-key"), Basic()))
    second = seal(Basic(), request(), OLD_AND_NEW, NOW)

    assert verify(scheme, second, OLD_AND_NEW, NOW).secret == 0
    assert seal(scheme, second, OLD_AND_NEW, NOW).headers == (("api-key", "new-secret"),)
    assert scheme.sign(request(), OLD_AND_NEW, NOW) == {"api-key": "new-secret"}
    assert scheme.headers == ("api-key", "authorization")


def test_of_several_refusals_the_one_that_came_furthest_is_told() -> None:
    scheme = AnyOf((StaticHeader(header="api-key"), Basic()))

    with pytest.raises(WrongCredential, match="the Basic credential matches none of the live secrets"):
        verify(scheme, request({"Authorization": "Basic b3RoZXI6"}), OLD_AND_NEW, NOW)
    with pytest.raises(MissingCredential, match="the header api-key is missing"):
        verify(scheme, request(), OLD_AND_NEW, NOW)


def test_a_carrier_that_may_sign_must_once_its_source_has_a_secret() -> None:
    scheme = AnyOf((Hmac(header="X-Signature"), UNSIGNED))
    accepted = Credentials(unsigned=True, path_key=True)

    assert verify(scheme, request(), accepted, NOW).secret == -1
    with pytest.raises(MissingCredential):
        verify(scheme, request(), replace(accepted, secrets=("live",)), NOW)
    with pytest.raises(Unverified):
        verify(scheme, request(), Credentials(), NOW)


def test_samples_are_signed_in_a_way_that_the_source_can_use() -> None:
    scheme = AnyOf((Hmac(header="X-Signature"), UNSIGNED))
    accepted = Credentials(unsigned=True, path_key=True)

    assert seal(scheme, request(), accepted, NOW) == request()
    assert [name for name, _ in seal(scheme, request(), OLD_AND_NEW, NOW).headers] == ["x-signature"]


def test_secrets_that_are_for_our_own_calls_prove_nothing() -> None:
    scheme = replace(UNSIGNED, secrets_are_for_calls=True)
    held = Credentials(secrets=("token",), unsigned=True, path_key=True)

    assert verify(scheme, request(), held, NOW).secret == -1
    with pytest.raises(MissingCredential):
        verify(scheme, request(), replace(held, path_key=False), NOW)


def test_what_schemes_demand_and_bind_is_what_their_parts_do() -> None:
    mixed = AnyOf((Hmac(header="X-Signature"), Basic()))
    optional = AnyOf((Hmac(header="X-Signature"), UNSIGNED))

    assert (mixed.needs_secret, mixed.binds_body) == (True, False)
    assert (optional.needs_secret, optional.binds_body) == (False, False)
    assert seal(UNSIGNED, request(), Credentials(), NOW) == request()
    assert {True} == {bool(scheme.describe()) for scheme in (*SCHEMES, mixed, UNSIGNED)}


def test_credentials_are_not_shown_by_accident() -> None:
    assert "new-secret" not in repr(OLD_AND_NEW)
    assert "new-secret" not in repr(seal(STATIC, request(), OLD_AND_NEW, NOW))


def test_sameness_is_told_for_texts_and_bytes_of_any_length() -> None:
    assert same("ção", "ção".encode())
    assert not same("a", "ab")
    assert not same("\xff", b"\xff")
