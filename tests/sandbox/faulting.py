"""What tests of faults do often."""

from tests.sandbox.conftest import ORDERS, Oms

FAULTS = "/sandbox/api/faults"
ORDER = f"{ORDERS}/1527103869572-01"


def inject(oms: Oms, **fault: object) -> int:
    answer = oms.http.post(FAULTS, json=fault)
    assert 201 == answer.status_code, answer.text
    fault_id = answer.json()["id"]
    assert isinstance(fault_id, int)
    return fault_id


def statuses(oms: Oms, calls: int) -> list[int]:
    return [oms.http.get(ORDER).status_code for _ in range(calls)]


def held_rows(oms: Oms) -> list[str]:
    """What the sandbox holds, asked past the emulated API and so past its faults."""
    (order,) = oms.http.get("/sandbox/api/orders").json()["items"]
    (package,) = order["document"]["packageAttachment"]["packages"]
    return [row["description"] for row in package["courierStatus"]["data"]]


def hits(oms: Oms) -> list[list[str]]:
    return [[hit["kind"] for hit in entry["faults"]] for entry in oms.journal()]
