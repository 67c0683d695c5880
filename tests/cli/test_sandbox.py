"""`sandbox` is the bundled VTEX alone, until it is stopped."""

import httpx
import pytest

from tests.cli.conftest import Run, Start

KEYS = {"X-VTEX-API-AppKey": "key", "X-VTEX-API-AppToken": "token"}


def test_it_takes_a_free_port_answers_as_vtex_and_ends_with_0(start: Start) -> None:
    running = start("sandbox", "--port", "0", "--mode", "replace", "--strict").until_ready()
    url = running.find(r"Order pages\s+(http://127\.0\.0\.1:\d+)/")

    options = httpx.get(f"{url}/sandbox/api/options").json()
    unknown = httpx.get(f"{url}/api/oms/pvt/orders/none", headers=KEYS)

    assert ("replace", True) == (options["mode"], options["strict"])
    assert (404, "OMS007") == (unknown.status_code, unknown.json()["error"]["code"])
    assert (0, "") == (running.stop(), running.errors)


def test_the_seed_command_that_it_prints_works(start: Start) -> None:
    running = start("sandbox", "--port", "0").until_ready()
    url = running.find(r"(http://127\.0\.0\.1:\d+)/sandbox/api/orders ")

    seeded = httpx.post(
        f"{url}/sandbox/api/orders",
        content=running.find(r"-d '(.+)'"),
        headers={"Content-Type": running.find("Content-Type: ([a-z/]+)")},
    )

    assert 201 == seeded.status_code
    assert 200 == httpx.get(url + seeded.json()["page"]).status_code


def test_it_starts_with_a_shop_when_asked_for(start: Start) -> None:
    running = start("sandbox", "--port", "0", "--shop", "120", "--seed", "7", "--speed", "3600").until_ready()
    url = running.find(r"Order pages\s+(http://127\.0\.0\.1:\d+)/")

    total = httpx.get(f"{url}/api/oms/pvt/orders", headers=KEYS).json()["paging"]["total"]

    assert "120" == running.find(r"A shop of (\d+) orders \(--seed 7\)")
    assert (120, 3600) == (total, httpx.get(f"{url}/sandbox/api/options").json()["speed"])


@pytest.mark.parametrize(
    "arguments", [("--mode", "forget"), ("--port", "70000"), ("--shop", "200001"), ("--speed", "0")]
)
def test_wrong_options_end_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert 2 == run("sandbox", *arguments).exit_code
