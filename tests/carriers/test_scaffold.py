"""The tools that a new carrier is written with."""

import json
import shutil
from pathlib import Path

import pytest

from app.carriers import find
from app.errors import ConfigurationError
from app.examples import FOLDER, load
from app.verification import verify
from tests.carriers.documents import Embedded, Form, decode, encode, mutations, turned, with_value
from tests.carriers.privacy import is_cpf, personal_data
from tests.carriers.scaffold import main, new, sign, write_golden


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of two carriers' examples."""
    for slug in ("easypost", "shipengine"):
        shutil.copytree(FOLDER / slug, tmp_path / slug)
    return tmp_path


def test_a_new_carrier_is_a_module_that_loads_and_cases_that_it_reads(tmp_path: Path) -> None:
    module, case, other = new("99-new", tmp_path / "carriers", tmp_path / "examples")
    names: dict[str, object] = {}
    exec(compile(module.read_text("utf-8"), module.name, "exec"), names)  # noqa: S102 - what an import would run

    adapter = names["ADAPTER"]

    assert (module.name, case.name) == ("_99_new.py", "delivered.http")
    assert getattr(adapter, "slug", None) == "99-new"
    assert [event.milestone for event in names["parse"](load(case).webhook)] == ["DELIVERED"]  # type: ignore[operator]
    assert [part.code for part in names["parse"](load(other).webhook)] == ["label_printed"]  # type: ignore[operator]


def test_a_new_carrier_overwrites_nothing_and_has_a_slug(tmp_path: Path) -> None:
    list(new("one", tmp_path, tmp_path))

    with pytest.raises(ConfigurationError, match=r"one exists already: one\.py, delivered\.http, label-printed\.http"):
        list(new("one", tmp_path, tmp_path))
    with pytest.raises(ConfigurationError, match="'One_' is no slug"):
        list(new("One_", tmp_path, tmp_path))


def test_signing_touches_only_what_verification_refuses(folder: Path) -> None:
    case = folder / "easypost" / "delivered.http"
    changed = case.read_bytes().replace(b'"weight":614.4', b'"weight":614.5')
    case.write_bytes(changed)

    assert [case] == list(sign("easypost", folder))
    assert load(case).webhook.body == changed.split(b"\n\n", 1)[1]
    assert [] == list(sign("easypost", folder))


def test_a_case_of_a_carrier_with_a_key_of_its_own_is_signed_with_ours(folder: Path) -> None:
    case = folder / "shipengine" / "returned.http"
    case.write_bytes(b"POST /w/x HTTP/1.1\r\nX-Fixture-Secret: {}\r\nX-Kept: 1\r\n\r\n{}")

    assert [case] == list(sign("shipengine", folder))
    example = load(case)
    verified = verify(
        find("shipengine").verification, example.webhook, example.credentials, example.webhook.received_at
    )
    assert verified.secret == -1
    assert example.webhook.header("x-kept") == "1"


def test_expectations_are_written_where_they_changed_and_keep_what_people_wrote(folder: Path) -> None:
    expected = folder / "easypost" / "delivered.json"
    refused = json.loads(expected.read_text("utf-8"))["refused"]
    expected.write_text(json.dumps({"refused": refused}), "utf-8")
    orphan = folder / "easypost" / "gone.json"
    orphan.write_text("{}", "utf-8")

    assert [expected] == list(write_golden("easypost", folder))
    assert expected.read_text("utf-8") == (FOLDER / "easypost" / "delivered.json").read_text("utf-8")
    assert not orphan.exists()


def test_commands_say_what_they_did_and_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["golden", "easypost"]) == 0
    assert capsys.readouterr().out == "nothing to write\n"
    assert main(["golden", "easypots"]) == 1
    assert "did you mean easypost?" in capsys.readouterr().err
    assert main(["other"]) == 2
    assert "scaffold new SLUG" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to ana@empresa.com.br", ["ana@empresa.com.br"]),
        ("write to ana@loja.example or ana@example.com", []),
        ("CPF 111.444.777-35", ["111.444.777-35"]),
        ("CPF 11144477735", ["11144477735"]),
        ("CPF 111.444.777-36, 111.111.111-11, waybill 888031004412077", []),
        ("call +55 11 98765-4321", ["+55 11 98765-4321"]),
        ("call (11) 98765-4321", ["(11) 98765-4321"]),
        ("call +5511900000000 or +1 202 555-0143", []),
    ],
)
def test_real_persons_are_told_from_invented_ones(text: str, found: list[str]) -> None:
    assert found == personal_data(text)


def test_a_taxpayer_number_is_told_by_its_check_digits() -> None:
    assert is_cpf("111.444.777-35")
    assert not is_cpf("11144477734")
    assert not is_cpf("1114447773")


def test_a_body_is_taken_apart_and_put_together_again() -> None:
    webhook = load(FOLDER / "jt-express-br" / "delivered.http").webhook
    tree = decode(webhook)

    assert isinstance(tree, Form)
    assert isinstance(tree.value["bizContent"], Embedded)
    changed = with_value(tree, "$.bizContent.details[0].scanTypeCode", "94")
    assert b"%22scanTypeCode%22%3A+%2294%22" in encode(changed)


def test_everything_is_damaged_at_every_depth() -> None:
    changed = list(mutations({"a": [{"b": Embedded({"c": 1}, is_base64=True)}]}))

    assert {} in changed
    assert {"a": []} in changed
    assert {"a": [{}]} in changed
    assert {"a": [{"b": Embedded({}, is_base64=True)}]} in changed
    assert {"a": [{"b": Embedded({"c": None}, is_base64=True)}]} in changed
    assert "l2\n" in list(mutations("l1\nl2\n"))
    assert {"a": [2, 1]} == turned({"a": [1, 2]})
