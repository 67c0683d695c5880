"""A request with several faults is refused for the first of 404, 405, 413, 415, 401, 400."""

from itertools import combinations

import httpx
import pytest

from tests.web.stage import LIMIT, Relay

FAULTS = (404, 405, 413, 415, 401, 400)


def send(relay: Relay, faults: set[int], *, chunked: bool = False) -> httpx.Response:
    """Send a request with just these faults to a carrier whose proof must be taken out of the body."""
    # Only `other` says from which network it may be called, and this machine is not in it.
    owner = "other" if 401 in faults else "mystore"
    content = b"{" + (b" " * LIMIT if 413 in faults else b"") if faults & {400, 413} else b'{"data": ""}'
    return relay.http.request(
        "DELETE" if 405 in faults else "POST",
        "/webhooks/enclosed/nobody" if 404 in faults else f"/webhooks/enclosed/{owner}",
        content=iter([content]) if chunked else content,
        headers={"Content-Type": "text/csv" if 415 in faults else "application/json", "X-Signature": "0" * 64},
    )


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("pair", list(combinations(FAULTS, 2)), ids=str)
def test_the_earlier_of_two_faults_is_the_answer(relay: Relay, pair: tuple[int, int], chunked: bool) -> None:
    answer = send(relay, set(pair), chunked=chunked)

    assert pair[0] == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert pair[0] == answer.json()["status"]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_own_status(relay: Relay, fault: int) -> None:
    assert fault == send(relay, {fault}).status_code


def test_with_all_faults_the_address_counts(relay: Relay) -> None:
    assert 404 == send(relay, set(FAULTS)).status_code
