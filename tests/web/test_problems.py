import json
import re
from pathlib import Path

import pytest

from app.errors import RelayError, StoreBusy, Unavailable, Unverified
from app.web import Limits
from app.web.catalogue import CATALOGUE
from tests.web.conftest import Start
from tests.web.stage import Relay

APP = Path(__file__).resolve().parents[2] / "app"


def test_every_kind_is_explained_as_a_page_and_as_json(relay: Relay) -> None:
    for slug, kind in CATALOGUE.items():
        page = relay.http.get(f"/problems/{slug}")
        told = relay.http.get(f"/problems/{slug}", headers={"Accept": "application/json"}).json()

        assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
        assert kind.title.replace("'", "&#39;") in page.text
        assert (f"/problems/{slug}", kind.status, kind.remedy) == (told["type"], told["status"], told["remedy"])


def test_all_kinds_are_listed(relay: Relay) -> None:
    listed = re.findall(r'href="/problems/([a-z-]+)"', relay.http.get("/problems").text)

    assert list(CATALOGUE) == listed


def test_an_unknown_kind_is_a_problem_itself(relay: Relay) -> None:
    answer = relay.http.get("/problems/%3Cscript%3E")

    assert 404 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]


@pytest.mark.parametrize("root", [Unverified, Unavailable])
def test_every_error_that_a_sender_can_meet_has_its_kind(root: type[RelayError]) -> None:
    def reasons(kind: type[RelayError]) -> set[str]:
        return {kind.reason}.union(*(reasons(each) for each in kind.__subclasses__()))

    assert set() == reasons(root) - set(CATALOGUE)


def test_every_kind_that_the_code_names_exists() -> None:
    named = set()
    for path in (APP / "web").rglob("*.py"):
        named |= set(re.findall(r'(?:slug=|Problem\(|response\()\s*"([a-z-]+)"', path.read_text("utf-8")))

    assert named <= set(CATALOGUE)
    assert "token-needed" in named


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/ops/v1", 404, "not-found"),
        ("GET", "/ops/v1/webhooks/", 404, "not-found"),
        ("DELETE", "/livez", 405, "method-not-allowed"),
        ("PATCH", "/ops/v1/webhooks", 405, "method-not-allowed"),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(
    relay: Relay, method: str, path: str, status: int, slug: str
) -> None:
    answer = relay.http.request(method, path)

    assert (status, f"/problems/{slug}") == (answer.status_code, answer.json()["type"])
    assert status == answer.json()["status"]
    assert (status == 405) == ("allow" in answer.headers)


def test_what_an_operator_meets_unexpectedly_is_503_with_an_id_in_the_log(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        message = "the worker is made of glass"
        raise ZeroDivisionError(message)

    relay = start(wake=broken)
    asked = {"account": "mystore", "order_id": "1", "invoice_number": "1"}
    answer = relay.ops("POST", "/shipments", json=asked)

    assert (503, "/problems/unexpected") == (answer.status_code, answer.json()["type"])
    assert "5" == answer.headers["retry-after"]
    assert "glass" not in answer.text
    (record,) = [record for record in caplog.records if record.message == "web.unexpected"]
    assert answer.json()["id"] == vars(record)["relay_fields"]["id"]
    assert record.exc_info is not None


def test_an_error_of_ours_that_no_kind_explains_is_unexpected(start: Start) -> None:
    async def replay(_webhook: int, *, dry_run: bool, reason: str, actor: str) -> None:
        raise StoreBusy(f"{actor} wants {reason}, {dry_run}")

    relay = start(replay=replay)
    id_ = relay.deliver().json()["id"]
    answer = relay.ops("POST", f"/webhooks/{id_}/replay", json={"reason": "curiosity"})

    assert (503, "/problems/unexpected") == (answer.status_code, answer.json()["type"])
    assert answer.json()["id"].startswith("err_")
    assert "curiosity" not in answer.text


def test_an_operators_body_that_does_not_arrive_is_given_up(start: Start) -> None:
    head = b"POST /ops/v1/shipments HTTP/1.1\r\nHost: relay.example\r\nContent-Length: 10\r\n\r\n{"
    received = start(limits=Limits(body_seconds=0.2)).raw(head)

    assert received.startswith(b"HTTP/1.1 408")
    assert b"/problems/request-timeout" in received


def test_a_store_that_is_down_is_503_for_operators_too(relay: Relay) -> None:
    relay.on_the_loop(relay.store.close())
    answer = relay.ops("POST", "/shipments", json={"account": "mystore", "order_id": "1", "invoice_number": "1"})

    assert (503, "/problems/store-unavailable") == (answer.status_code, answer.json()["type"])
    assert "5" == answer.headers["retry-after"]


@pytest.mark.parametrize("path", ["/ops/v1/webhooks", "/nowhere", "/livez", "/docs", "/problems", "/openapi.json"])
def test_every_answer_is_strict_about_what_a_browser_may_do_with_it(relay: Relay, path: str) -> None:
    headers = relay.http.get(path).headers

    assert "nosniff" == headers["x-content-type-options"]
    assert "DENY" == headers["x-frame-options"]
    assert "no-referrer" == headers["referrer-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]


def test_pages_need_nothing_from_elsewhere_and_no_script(relay: Relay) -> None:
    for path in ("/docs", "/problems", "/problems/not-found"):
        page = relay.http.get(path).text
        assert "<script" not in page
        assert [] == re.findall(r'(?:src|href)="(?:https?:)?//', page)
        (style,) = re.findall(r'rel="stylesheet" href="([^"]+)"', page)
        assert "text/css; charset=utf-8" == relay.http.get(style).headers["content-type"]


def test_the_documentation_lists_operators_and_carriers_routes(relay: Relay) -> None:
    page = relay.http.get("/docs").text

    assert "/ops/v1/webhooks/{id}/replay" in page
    assert "/webhooks/signed/{account}" in page
    assert json.loads(relay.http.get("/openapi.json").text)["paths"].keys() >= {"/livez", "/webhooks/signed/{account}"}
