"""`try --scrub` takes persons out of a saved webhook and nothing that it maps to."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from urllib.parse import unquote

import pytest

from app.adapter import Adapter
from app.carriers import adapters
from app.cli.fixtures import SECRET
from app.cli.scrubbing import Scrubber
from app.errors import MalformedPayload
from app.examples import examples, parse_example
from app.model import CarrierEvent
from app.personal import Kind, Paths, PersonalData
from app.reading import read
from app.verification import verify
from tests.carriers.privacy import is_cpf, personal_data
from tests.cli.conftest import Run
from tests.redaction.hostile import Secrets, hostile

REAL = {
    "trackingCode": "LJA4821301",
    "carrierName": "Transportadora Parceira",
    "recipient": {
        "name": "Beltrana Ficta",
        "cpf": "529.982.247-25",
        "email": "beltrana@mail.invalid",
        "phone": "(11) 98765-4321",
        "street": "Rua das Invenções",
        "number": 1234,
        "city": "São Paulo",
    },
    "signature_url": "https://files.invalid/beltrana.png?token=abc",
    "events": [
        {
            "id": 1,
            "date": "2026-11-21 08:10",
            "name": "Entregue",
            "description": "Recebido por Beltrana Ficta, CPF 529.982.247-25",
        }
    ],
}


def meaning(events: Iterable[CarrierEvent]) -> list[tuple[object, ...]]:
    return [(event.code, event.milestone, event.occurred_at, event.tracking_numbers) for event in events]


def scrubbed(document: object) -> str:
    body = json.dumps(document, ensure_ascii=False).encode()
    return Scrubber(key=b"one key").body(body, "application/json").decode()


def test_persons_become_fictions_of_the_same_shape() -> None:
    text = scrubbed(REAL)
    document = json.loads(text)

    for personal in ("Beltrana", "Ficta", "529.982", "beltrana", "98765-4321", "Invenções", "token=abc"):
        assert personal not in text
    assert [] == personal_data(text)
    first, last = document["recipient"]["name"].split(" ")
    assert (8, 5) == (len(first), len(last))
    assert first[0].isupper()
    assert not is_cpf(document["recipient"]["cpf"])
    assert "555-01" in document["recipient"]["phone"]
    assert document["recipient"]["email"].endswith("@mail.example")
    assert document["signature_url"].startswith("https://files.example/")
    assert document["signature_url"].endswith(".png")


def test_what_is_mapped_stays_byte_for_byte() -> None:
    document = json.loads(scrubbed(REAL))

    assert REAL["trackingCode"] == document["trackingCode"]
    assert REAL["carrierName"] == document["carrierName"]
    assert (1, "2026-11-21 08:10", "Entregue") == tuple(document["events"][0][key] for key in ("id", "date", "name"))
    assert '{"a" : 136.0,\n "b":[1,2 ]}' == Scrubber(key=b"k").body(b'{"a" : 136.0,\n "b":[1,2 ]}', "").decode()


def test_one_person_stays_one_person_within_a_run_and_not_beyond() -> None:
    pair = b'[{"signed_by":"Beltrana Ficta"},{"signed_by":"Beltrana Ficta"}]'
    first, second = json.loads(Scrubber(key=b"one key").body(pair, ""))
    other, _ = json.loads(Scrubber(key=b"another").body(pair, ""))

    assert first == second
    assert first != other


def test_forms_xml_and_json_in_text_are_scrubbed_too() -> None:
    scrubber = Scrubber(key=b"one key")

    form = scrubber.body(
        b"bizContent=%7B%22signed_by%22%3A%22Beltrana%22%7D&code=1", "application/x-www-form-urlencoded"
    )
    xml = scrubber.body(b"<e><recipientName>Beltrana</recipientName><code>OK</code></e>", "text/xml")
    nested = scrubber.body(b'{"payload":"{\\"recipientName\\":\\"Beltrana\\",\\"code\\":\\"01\\"}"}', "")

    for text in (form, xml, nested):
        assert b"Beltrana" not in text
    assert form.endswith(b"&code=1")
    assert b"<code>OK</code>" in xml
    assert "01" == json.loads(json.loads(nested)["payload"])["code"]


@pytest.mark.parametrize("slug", sorted(adapters()))
def test_every_shipped_sample_means_the_same_when_it_is_scrubbed(slug: str) -> None:
    adapter = adapters()[slug]
    for example in examples(slug):
        body = Scrubber(key=b"one key").body(example.webhook.body, example.webhook.content_type)
        try:
            before = read(adapter, example.webhook).events
        except MalformedPayload:
            continue
        after = read(adapter, replace(example.webhook, body=body)).events

        assert meaning(before) == meaning(after), example.name


@pytest.mark.parametrize("slug", ["easypost", "jt-express-br", "lalamove", "mandae"])
def test_the_copy_is_a_sample_that_verifies(slug: str, run: Run, folder: Path) -> None:
    adapter = adapters()[slug]
    original = next(each for each in examples(slug) if each.name.startswith("delivered"))
    saved = folder / "saved.http"
    head = [f"{original.webhook.method} {original.webhook.path} HTTP/1.1", "Cookie: session=private"]
    head += [f"{name}: {value}" for name, value in original.webhook.headers if name != "content-length"]
    saved.write_bytes("\n".join([*head, "", ""]).encode() + original.webhook.body)

    result = run("try", slug, str(saved), "--scrub", str(folder / "copy.http"))

    assert 0 == result.exit_code, result.output
    assert "It maps to something else" not in result.stderr
    copy = parse_example("copy", (folder / "copy.http").read_bytes())
    assert copy.source.startswith("captured ")
    assert copy.webhook.header("cookie") is None
    if adapter.verification.needs_secret:
        assert SECRET == copy.secret
        verify(adapter.verification, copy.webhook, copy.credentials, copy.webhook.received_at)


def test_no_file_is_overwritten(run: Run, folder: Path) -> None:
    (folder / "body.json").write_text(json.dumps(REAL))

    assert 0 == run("try", "mandae", "body.json", "--scrub", "copy.json").exit_code
    assert "Beltrana" not in (folder / "copy.json").read_text()
    result = run("try", "mandae", "body.json", "--scrub", "copy.json")
    assert 2 == result.exit_code
    assert "--scrub copy.json cannot be written" in result.stderr


@pytest.mark.parametrize("adapter", adapters().values(), ids=lambda adapter: adapter.slug)
def test_nothing_that_a_carriers_file_declares_is_left(adapter: Adapter) -> None:
    """Free text may hold anybody and is needed to be read: of it only what can be told from its form goes."""
    for example in examples(adapter.slug):
        secrets = Secrets(Random(adapter.slug))  # noqa: S311 - nothing is kept secret by it
        assert adapter.personal is not None
        sent = hostile(example.webhook, without_free_text(adapter.personal), secrets, plainly=True)
        if sent is None:
            continue
        text = Scrubber(key=b"one key", personal=adapter.personal).body(sent.body, sent.content_type).decode()

        parts = [part for made in secrets.made for part in made.split()]
        assert [] == [part for part in parts if part in text or part in unquote(text)]


def without_free_text(told: PersonalData) -> PersonalData:
    def kept(paths: Paths) -> Paths:
        return {kind: places for kind, places in paths.items() if kind is not Kind.FREE_TEXT}

    return replace(told, receiver=kept(told.receiver), sender=kept(told.sender), courier=kept(told.courier))
