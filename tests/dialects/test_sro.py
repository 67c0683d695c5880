"""Correios' events."""

import pytest

from app.dialects.sro import DELIVERIES, MILESTONES, REVERSAL, code_of
from app.model import Milestone
from app.payload import json_document


def test_write_offs_mean_the_same_whoever_wrote_them() -> None:
    meanings = [
        {code.partition("/")[2]: milestone for code, milestone in MILESTONES.items() if code.startswith(f"{kind}/")}
        for kind in ("BDE", "BDI", "BDR")
    ]
    corrective_only = {"31": Milestone.IN_TRANSIT, "63": Milestone.RETURNING, "64": Milestone.RETURNING}

    assert meanings[0] == meanings[1]
    assert meanings[0] | corrective_only == meanings[2]


@pytest.mark.parametrize(
    ("code", "milestone"),
    [
        ("PO/01", Milestone.IN_TRANSIT),
        ("OEC/01", Milestone.OUT_FOR_DELIVERY),
        ("OEC/09", Milestone.RETURNING),
        ("LDE/00", Milestone.RETURNING),
        ("LDI/01", Milestone.AVAILABLE_FOR_PICKUP),
        ("BDE/01", Milestone.DELIVERED),
        ("BDR/20", Milestone.FAILED_ATTEMPT),
        ("BDI/23", Milestone.RETURNED),
        ("BDE/68", Milestone.AVAILABLE_FOR_PICKUP),
        ("PAR/15", Milestone.IN_TRANSIT),
        ("CO/06", Milestone.CANCELLED),
        ("EST/01", Milestone.UNKNOWN),
    ],
)
def test_type_and_number_together_decide(code: str, milestone: Milestone) -> None:
    assert milestone is MILESTONES[code]


def test_deliveries_to_the_sender_are_none() -> None:
    assert {"00", "01", "67", "70", "79"} == {code[4:] for code in DELIVERIES if code.startswith("BD")}
    assert not {code for code in DELIVERIES if code.startswith(REVERSAL)}


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ('{"codigo": "BDE", "tipo": "01"}', "BDE/01"),
        ('{"codigo": "BDE", "tipo": 1}', "BDE/01"),
        ('{"codigo": "bde", "tipo": "001"}', "BDE/01"),
        ('{"codigo": "BDE 23"}', "BDE/23"),
        ('{"codigo": "BDE-9", "tipo": "01"}', "BDE/09"),
        ('{"codigo": "BDE"}', "BDE"),
        ('{"codigo": "BDE", "tipo": "x"}', "BDE/x"),
        ('{"tipo": "01"}', None),
    ],
)
def test_a_code_is_made_of_type_and_number(event: str, code: str | None) -> None:
    node = json_document(event)

    assert code == code_of(node.get("codigo"), node.get("tipo"))
