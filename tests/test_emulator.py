"""The judge is judged: what it stores, fails, sees and complains of."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.emulator import Faults, Mode, VtexEmulator

KEYS = {"X-VTEX-API-AppKey": "key", "X-VTEX-API-AppToken": "token", "Accept": "application/json"}
ORDER = "/api/oms/pvt/orders/v527103anml-01"
TRACKING = f"{ORDER}/invoice/000045781/tracking"
COLLECTED = {"city": "Campinas", "state": "SP", "description": "Coletado", "date": "2026-03-02T10:00:00-03:00"}
LEFT = {"city": "", "state": "", "description": "Em trânsito", "date": "2026-03-03"}


def update(*events: dict[str, str], delivered: bool = False) -> dict[str, Any]:
    delivered_date = "2026-03-04 15:10" if delivered else None
    return {"isDelivered": delivered, "deliveredDate": delivered_date, "events": list(events)}


@pytest.fixture
def vtex() -> Iterator[VtexEmulator]:
    with VtexEmulator() as emulator:
        emulator.add_order("v527103anml-01", [{"invoiceNumber": "000045781", "trackingNumber": "QX004512345BR"}])
        yield emulator


@pytest.fixture
def client(vtex: VtexEmulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=vtex.url, headers=KEYS, timeout=10) as http:
        yield http


def descriptions(vtex: VtexEmulator) -> list[str]:
    return [row.description for row in vtex.timeline("v527103anml-01", "000045781")]


def until(true: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if true():
            return
        pause.wait(0.01)
    pytest.fail("what the test waits for did not come about")


@pytest.mark.parametrize(
    ("mode", "left"),
    [
        ("append", ["Coletado", "Coletado", "Em trânsito"]),
        ("merge", ["Coletado", "Em trânsito"]),
        ("replace", ["Coletado", "Em trânsito"]),
    ],
)
def test_a_put_appends_merges_or_replaces(
    vtex: VtexEmulator, client: httpx.Client, mode: Mode, left: list[str]
) -> None:
    vtex.mode = mode
    vtex.add_row("v527103anml-01", "000045781", COLLECTED)

    answer = client.put(TRACKING, json=update(COLLECTED, LEFT))

    assert (200, {"date", "orderId", "receipt"}) == (answer.status_code, set(answer.json()))
    assert left == descriptions(vtex)
    assert [] == vtex.violations


def test_replacing_loses_what_is_not_sent_again(vtex: VtexEmulator, client: httpx.Client) -> None:
    vtex.mode = "replace"
    client.put(TRACKING, json=update(COLLECTED))
    client.put(TRACKING, json=update(LEFT))

    assert ["Em trânsito"] == descriptions(vtex)


def test_an_order_shows_its_packages_with_their_timelines_newest_first(
    vtex: VtexEmulator, client: httpx.Client
) -> None:
    client.put(TRACKING, json=update(COLLECTED, LEFT, delivered=True))

    order = client.get("/demo" + ORDER).json()

    (package,) = order["packageAttachment"]["packages"]
    status = package["courierStatus"]
    assert ("v527103anml-01", "QX004512345BR", "Output") == (
        order["orderId"],
        package["trackingNumber"],
        package["type"],
    )
    assert (True, "2026-03-04 15:10") == (status["finished"], status["deliveredDate"])
    assert [
        ("Em trânsito", "2026-03-03T00:00:00.0000000+00:00"),
        ("Coletado", "2026-03-02T13:00:00.0000000+00:00"),
    ] == [(row["description"], row["lastChange"]) for row in status["data"]]


def test_what_is_not_there_is_not_found_and_keys_are_needed(vtex: VtexEmulator, client: httpx.Client) -> None:
    answers = [
        client.get("/api/oms/pvt/orders/v1-01"),
        client.get("/other" + ORDER),
        client.put(TRACKING.replace("000045781", "45781"), json=update()),
        client.put(TRACKING.replace("000045781", "1%2F2"), json=update()),
        client.post(TRACKING, json=update()),
        httpx.get(vtex.url + ORDER),
        client.put(TRACKING, content=b"["),
    ]

    assert [404, 404, 404, 404, 404, 401, 400] == [answer.status_code for answer in answers]
    assert ["OMS007", "OMS007", "OMS014"] == [answer.json()["error"]["code"] for answer in answers[:3]]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({**update(), "isDelivered": 0}, "$.isDelivered is 0 and not a boolean"),
        (
            {**update(), "deliveredDate": "2026-03-04"},
            "$.deliveredDate is '2026-03-04' and not yyyy-mm-dd hh:mm or null",
        ),
        ({"isDelivered": False, "events": []}, "$.deliveredDate is missing"),
        ({**update(), "trackingNumber": "1"}, "$.trackingNumber is no field of VTEX's"),
        ({**update(), "events": None}, "$.events is NoneType and not an array"),
        (update({**COLLECTED, "code": "01"}), "$.events[0].code is no field of VTEX's"),
        (
            update(COLLECTED, {**LEFT, "date": "03/03/2026"}),
            "$.events[1].date is '03/03/2026' and in no documented format",
        ),
        (update({**COLLECTED, "description": ""}), "$.events[0].description has 0 characters"),
        (update({**COLLECTED, "description": "x" * 5001}), "$.events[0].description has 5001 characters"),
        ({**update(), "events": [{**COLLECTED, "city": None}]}, "$.events[0].city is None and not a string"),
        ({**update(), "events": ["text"]}, "$.events[0] is str and not an object"),
        ([], "the body is list and not an object"),
    ],
)
def test_each_deviation_from_the_schema_is_noted(
    vtex: VtexEmulator, client: httpx.Client, body: object, complaint: str
) -> None:
    client.put(TRACKING, json=body)

    assert [f"v527103anml-01/000045781: {complaint}"] == vtex.violations


def test_missing_headers_are_noted(vtex: VtexEmulator) -> None:
    httpx.put(vtex.url + TRACKING, content=b"{}", headers={"Accept": "*/*"})

    notes = [note.partition(": ")[2] for note in vtex.violations]
    assert [
        "header content-type is '' and not application/json",
        "header accept is '*/*' and not application/json",
        "header x-vtex-api-appkey is missing",
        "header x-vtex-api-apptoken is missing",
    ] == notes[:4]


def test_faults_asked_for_come_in_turn_and_only_those_after_the_call_apply_it(
    vtex: VtexEmulator, client: httpx.Client
) -> None:
    vtex.fail_next("429", "500", "drop-before", "drop-after")
    seen: list[object] = []

    for number in range(5):
        try:
            answer = client.put(TRACKING, json=update({**LEFT, "description": str(number)}))
            seen.append((answer.status_code, answer.headers.get("retry-after")))
        except httpx.RemoteProtocolError:
            seen.append("dropped")

    assert [(429, "1"), (500, None), "dropped", "dropped", (200, None)] == seen
    assert ["3", "4"] == descriptions(vtex)
    assert [(429, False), (500, False), (None, False), (None, True), (200, True)] == [
        (call.status, call.applied) for call in vtex.puts("v527103anml-01")
    ]


@pytest.mark.parametrize(("fault", "applied"), [("hang-before", []), ("hang-after", ["Coletado"])])
def test_a_hanging_call_ends_when_the_client_gives_up(fault: Any, applied: list[str]) -> None:
    with VtexEmulator() as vtex:
        vtex.add_order("v527103anml-01", [{"invoiceNumber": "000045781"}])
        vtex.fail_next(fault)
        with pytest.raises(httpx.ReadTimeout):
            httpx.put(vtex.url + TRACKING, json=update(COLLECTED), headers=KEYS, timeout=0.1)
        until(lambda: vtex.calls[0].ended)

        assert applied == descriptions(vtex)


def test_faults_by_chance_repeat_with_their_seed_and_end_at_their_limit() -> None:
    def run(seed: int, limit: int | None) -> list[object]:
        faults = Faults(seed=seed, writes={"500": 0.3, "429": 0.2}, reads={"500": 0.5}, limit=limit)
        with VtexEmulator(faults=faults) as vtex, httpx.Client(base_url=vtex.url, headers=KEYS) as http:
            vtex.add_order("v527103anml-01", [{"invoiceNumber": "000045781"}])
            for _ in range(20):
                http.put(TRACKING, json=update())
                http.get(ORDER)
            return [call.fault for call in vtex.calls]

    first = run(7, None)

    assert first == run(7, None)
    assert first != run(8, None)
    assert {None, "500", "429"} == set(first[::2])
    assert {None, "500"} == set(first[1::2])
    assert 38 == run(7, 2).count(None)


def test_two_calls_for_one_shipment_at_a_time_are_seen_as_an_overlap(vtex: VtexEmulator, client: httpx.Client) -> None:
    vtex.add_order("v527104anml-01", [{"invoiceNumber": "000045781"}])
    vtex.fail_next("hang-before")
    body = b'{"isDelivered": false, "deliveredDate": null, "events": []}'
    head = f"PUT {TRACKING} HTTP/1.1\r\nHost: vtex.example\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(vtex.server.server_address[1]))) as hanging:
        hanging.sendall(head.encode() + body)
        until(lambda: vtex.calls)
        client.put(TRACKING.replace("527103", "527104"), json=update())
        apart = vtex.overlaps()
        client.put(TRACKING, json=update())
        together = vtex.overlaps()

    assert [] == apart
    assert [(vtex.calls[0], vtex.calls[2])] == together


def test_calls_one_after_the_other_do_not_overlap(vtex: VtexEmulator, client: httpx.Client) -> None:
    for _ in range(50):
        client.put(TRACKING, json=update())

    assert [] == vtex.overlaps()
    assert all(call.ended is not None and call.ended >= call.started for call in vtex.calls)


def test_a_delivery_taken_back_is_seen(vtex: VtexEmulator, client: httpx.Client) -> None:
    for delivered in (False, True, True, False):
        client.put(TRACKING, json=update(delivered=delivered))

    assert [vtex.calls[3]] == vtex.undeliveries()
    assert vtex.shipment("v527103anml-01", "000045781").finished


def test_reads_may_lag_writes(vtex: VtexEmulator, client: httpx.Client) -> None:
    vtex.read_lag_seconds = 600
    client.put(TRACKING, json=update(COLLECTED))
    late = client.get(ORDER).json()
    vtex.read_lag_seconds = 0
    now = client.get(ORDER).json()

    assert [0, 1] == [len(each["packageAttachment"]["packages"][0]["courierStatus"]["data"]) for each in (late, now)]


@pytest.fixture
def alone() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.emulator", "--port", "0", "--mode", "append"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().split()[-1]
        process.terminate()


def test_run_alone_it_is_controlled_over_http(alone: str) -> None:
    with httpx.Client(base_url=alone, headers=KEYS) as http:

        def read(what: str) -> Any:
            return http.get(f"/control/{what}").raise_for_status().json()

        shipment = "?order=v527103anml-01&invoice=000045781"
        http.post("/control/orders", json={"order": "v527103anml-01", "invoices": [{"invoiceNumber": "000045781"}]})
        http.put("/control/faults", json={"seed": 1, "writes": {"500": 1.0}, "limit": 1})
        http.post("/control/fail-next", json=["429"])
        statuses = [http.put(TRACKING, json=update(COLLECTED)).status_code for _ in range(4)]
        http.put("/control/settings", json={"mode": "replace", "read_lag_seconds": 0.5})
        http.post("/control/rows", json={"order": "v527103anml-01", "invoice": "000045781", "event": LEFT})

        assert [429, 500, 200, 200] == statuses
        assert ["Coletado", "Coletado", "Em trânsito"] == [row["description"] for row in read(f"timeline{shipment}")]
        assert False is read(f"shipment{shipment}")["finished"]
        assert [429, 500, 200, 200] == [call["status"] for call in read("calls")]
        assert [[], [], []] == [read(what) for what in ("overlaps", "undeliveries", "violations")]
        assert 400 == http.get("/control/nothing").status_code
        assert 400 == http.put("/control/settings", json={"mode": "upsert"}).status_code
        assert 400 == http.put("/control/settings", json={"latency": 1}).status_code
        http.post("/control/reset")
        assert [] == read("calls")


def test_half_a_request_is_no_call(vtex: VtexEmulator) -> None:
    head = f"PUT {TRACKING} HTTP/1.1\r\nHost: vtex.example\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection(("127.0.0.1", vtex.server.server_port)) as connection:
        connection.sendall(head.encode() + b'{"isDelivered":')
        connection.shutdown(socket.SHUT_WR)
        assert b"" == connection.recv(1)

    assert ([], []) == (vtex.calls, vtex.violations)
