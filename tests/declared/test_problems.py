"""What is wrong with a declaration is told at the start, all of it, each with the path of its key."""

from typing import Any

import pytest

from app.declared import declare
from app.errors import ConfigurationError
from tests.declared.documents import acme


def problems(slug: str = "acme", **changes: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as refusal:
        declare(slug, acme(**changes))
    return refusal.value.problems


def test_a_right_declaration_has_no_problem() -> None:
    assert "acme" == declare("acme", acme()).slug


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"statuses": {}}, "declared.acme.statuses: is missing; say what the carrier's codes mean"),
        ({"parcel": None}, "declared.acme.parcel: is missing"),
        ({"verification": None}, "declared.acme.verification: is missing; without a scheme nothing could be proven"),
        ({"documentation": None}, "declared.acme.documentation: is missing"),
        ({"events__code": None}, "declared.acme.events.code: is missing"),
        ({"statuses": None}, "declared.acme.statuses: is missing; say what the carrier's codes mean"),
        (
            {"parcel": {"when": "number"}},
            "declared.acme.parcel.tracking_number: is missing; a parcel needs one of tracking_number, order_id, ",
        ),
        (
            {"documentation": "docs.acme-log.example"},
            "declared.acme.documentation: 'docs.acme-log.example' is no address, such as https://docs.acme-log.example/",
        ),
        ({"zone": "Sao_Paulo"}, "declared.acme.zone: 'Sao_Paulo' is no IANA time zone, such as America/Sao_Paulo"),
        ({"body": "msgpack"}, "declared.acme.body: 'msgpack' is not possible; there are form, json, json-or-form, xml"),
        ({"methods": ["POTS"]}, "declared.acme.methods: 'POTS' is not possible; did you mean POST?"),
        ({"name": 7}, "declared.acme.name: must be a text"),
        ({"parcels": ""}, "declared.acme.parcels: must be a text"),
        ({"order_reference_is_vtex": "yes"}, "declared.acme.order_reference_is_vtex: must be true or false"),
        ({"refusal_status": 20}, "declared.acme.refusal_status: must be an HTTP status, such as 200"),
        ({"events": "history"}, "declared.acme.events: must be a table"),
        ({"statuses": {"moving": 1}}, "declared.acme.statuses: must be a table of texts"),
        ({"events__time": [""]}, "declared.acme.events.time: must be a text or a list of texts"),
        (
            {"acknowledgement": {"status": True}},
            "declared.acme.acknowledgement.status: must be an HTTP status, such as 200",
        ),
        (
            {"statuses__delivered": "DELIVERD"},
            "declared.acme.statuses.delivered: 'DELIVERD' is not possible; did you mean DELIVERED?",
        ),
        (
            {"statuses": {"BDE 01": "delivered"}},
            "declared.acme.statuses.\"BDE 01\": 'delivered' is not possible; did you mean DELIVERED?",
        ),
        (
            {"ignored__moving": "nothing new"},
            "declared.acme.ignored: 'moving' has a milestone as well; it can only be one of the two",
        ),
        (
            {"events__time_formats": "%d/%m/%Q"},
            "declared.acme.events.time_formats: '%d/%m/%Q' is no pattern of strptime",
        ),
        (
            {"events__time_formats": ["%d/%m %H:%M"]},
            "declared.acme.events.time_formats: '%d/%m %H:%M' lacks the day, the month or the year",
        ),
        ({"code_table": "ocorren"}, "declared.acme.code_table: 'ocorren' is not possible; did you mean ocoren?"),
    ],
)
def test_a_problem_names_its_key_and_what_to_do(changes: dict[str, Any], problem: str) -> None:
    (found,) = problems(**changes)

    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"parcells": "packages"}, "declared.acme.parcells: is no key of a declared carrier; did you mean parcels?"),
        ({"events__codes": "x"}, "declared.acme.events.codes: is no key of a declared carrier; did you mean code?"),
        ({"parcel__invoice": "x"}, "declared.acme.parcel.invoice: is no key of a declared carrier; did you mean"),
        (
            {"verification__secret": "s3cr3t"},
            "declared.acme.verification.secret: is no key of a declared carrier; did you mean",
        ),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_and_without_its_value(changes: dict[str, Any], problem: str) -> None:
    (found,) = problems(**changes)

    assert found.startswith(problem)
    assert "s3cr3t" not in found


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("status.", "is no JMESPath: 'status.' cannot be read at its end"),
        ("a..b", "is no JMESPath: 'a..b' cannot be read at character 3"),
        ("a b", "is no JMESPath: 'a b' cannot be read at character 3"),
        ("'open", 'is no JMESPath: "\'open" cannot be read at character 1'),
        ("items[?a ==", "is no JMESPath: 'items[?a ==' cannot be read at its end"),
        ("lowr(status)", "calls lowr(), which there is not; did you mean lower()?"),
        ("items[?xyzzy(@)]", "calls xyzzy(), which there is not; docs/declared-carriers.md lists those there are"),
        ("status == `5`", "compares a member with the number 5, but numbers are texts: write '5', or to_number(…)"),
        ("items[?`5` < a.b]", "compares a member with the number 5, but numbers are texts: write '5', or to_number(…)"),
    ],
)
def test_a_broken_expression_is_told_with_its_position(expression: str, problem: str) -> None:
    (found,) = problems(events__code=expression)

    assert found.startswith(f"declared.acme.events.code: {problem}")


def test_one_of_several_expressions_is_told_by_its_number() -> None:
    (found,) = problems(events__time=["at", "at."])

    assert found == "declared.acme.events.time[1]: is no JMESPath: 'at.' cannot be read at its end"


def test_all_problems_are_told_at_once() -> None:
    found = problems("Acme", name=1, zone="here", events__code="a.", statuses={"x": "y"}, wrong=1)

    assert {
        "declared.Acme",
        "declared.Acme.events.code",
        "declared.Acme.name",
        "declared.Acme.statuses.x",
        "declared.Acme.wrong",
        "declared.Acme.zone",
    } == {problem.partition(":")[0] for problem in found}


@pytest.mark.parametrize(
    ("verification", "problem"),
    [
        ({}, "declared.acme.verification.scheme: is missing"),
        ([{"scheme": "basic"}, {}], "declared.acme.verification[1].scheme: is missing"),
        ("hmac", "declared.acme.verification: must be a table or a list of tables"),
        ([], "declared.acme.verification: is missing"),
        (
            {"scheme": "hmak", "header": "X"},
            "declared.acme.verification.scheme: 'hmak' is not possible; did you mean hmac?",
        ),
        ({"scheme": "hmac"}, "declared.acme.verification.header: is missing"),
        ({"scheme": "header"}, "declared.acme.verification.header: is missing"),
        ({"scheme": "digest"}, "declared.acme.verification.header: is missing"),
        ({"scheme": "unsigned"}, "declared.acme.verification.because: is missing"),
        (
            {"scheme": "hmac", "header": "X", "algorithm": "sha-256"},
            "declared.acme.verification.algorithm: 'sha-256' is not possible; did you mean sha256?",
        ),
        (
            {"scheme": "hmac", "header": "X", "encoding": ["hex", "base46"]},
            "declared.acme.verification.encoding: 'base46' is not possible; there are hex and base64",
        ),
        (
            {"scheme": "digest", "header": "X", "encoding": "base46"},
            "declared.acme.verification.encoding: 'base46' is not possible; did you mean base64?",
        ),
        ({"scheme": "basic", "header": "X"}, "declared.acme.verification.header: is no key of a declared carrier"),
    ],
)
def test_a_scheme_tells_what_it_lacks(verification: Any, problem: str) -> None:
    assert any(found.startswith(problem) for found in problems(verification=verification))
