"""Numbers that merchants agreed on with their carriers: what rules make of what a carrier says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.errors import ConfigurationError
from app.model import References
from app.numbering import NOTHING, Derived, Invoice, NumberRule, Rule, derive, pattern_problem
from app.settings import load_settings
from app.store import Fact, Store
from app.store.schema import events, rows, shipments, subjects
from tests.store.keeping import kept_in
from tests.store.making import adding, event, recording, shipment

ISSUER = "00000000000191"


def made(rule: str, text: str, *numbers: str, of: Any = "number", **said: Any) -> Derived:
    spoken = event(numbers[0] if numbers else None, references=References(**said))
    return derive([NumberRule(rule=Rule(rule), text=text, of=of)], spoken)


@pytest.mark.parametrize(
    ("rule", "text", "number", "expected"),
    [
        ("strip-prefix", "LOJA-", "loja-AB1", ("AB1",)),
        ("strip-prefix", "LOJA-", "AB1", ()),
        ("strip-prefix", "LOJA-", "LOJA-", ()),
        ("strip-suffix", "-BR", "AB1-br", ("AB1",)),
        ("strip-suffix", "-BR", "AB1", ()),
        ("add-prefix", "ME", "AB1", ("MEAB1",)),
        ("add-suffix", "BR", "AB1", ("AB1BR",)),
    ],
)
def test_a_prefix_or_suffix_is_stripped_or_added(rule: str, text: str, number: str, expected: tuple[str, ...]) -> None:
    assert expected == made(rule, text, number).numbers


def test_order_ids_are_changed_where_the_rule_is_about_them() -> None:
    said = {"order_id": "LOJA-v1-01", "alternative_order_ids": ("LOJA-v2-01", "x")}

    assert ("v1-01", "v2-01") == made("strip-prefix", "LOJA-", "LOJA-1", of="order", **said).order_ids
    assert ("SLR-v1-01",) == made("add-prefix", "SLR-", of="order", order_id="v1-01").order_ids


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("MND{invoice}{series}", ("MND457811",)),
        ("MND{invoice:9}{series:3}", ("MND000045781001",)),
        ("{cnpj}-{invoice}", (f"{ISSUER}-45781",)),
        ("MND{invoice:4}", ()),
        ("MND{order}", ()),
    ],
)
def test_the_tracking_number_is_built_of_the_invoice_as_far_as_that_is_said(
    pattern: str, expected: tuple[str, ...]
) -> None:
    said = {"invoice_number": "000045781", "invoice_series": "001", "issuer": ISSUER}

    assert expected == made("from-invoice", pattern, **said).numbers


@pytest.mark.parametrize(
    ("pattern", "number", "expected"),
    [
        ("MND{invoice}{series:1}", "mnd457811", Invoice(number="45781", series="1")),
        ("MND{invoice:9}{series:3}", "MND000045781001", Invoice(number="000045781", series="001")),
        ("{cnpj}{invoice}", f"{ISSUER}45781", Invoice(number="45781", issuer=ISSUER)),
        ("MND{invoice}{series:1}", "XYZ457811", None),
        ("MND{invoice}", "MND45781BR", None),
    ],
)
def test_the_invoice_is_read_out_of_the_tracking_number(pattern: str, number: str, expected: Invoice | None) -> None:
    assert ((expected,) if expected else ()) == made("to-invoice", pattern, number).invoices


def test_an_order_is_read_out_of_the_tracking_number() -> None:
    assert ("v1-01",) == made("to-invoice", "LOJA-{order}", "LOJA-v1-01").order_ids


@given(st.integers(1, 999_999_999), st.integers(0, 999))
def test_what_is_built_with_widths_is_read_back(invoice: int, series: int) -> None:
    pattern = "MND{invoice:9}{series:3}"
    (number,) = made("from-invoice", pattern, invoice_number=str(invoice), invoice_series=str(series)).numbers
    (found,) = made("to-invoice", pattern, number).invoices

    assert (invoice, series) == (int(found.number), int(found.series or ""))


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_pattern_and_no_number_breaks_a_rule(pattern: str, number: str) -> None:
    for rule in Rule:
        is_pattern = rule in {Rule.FROM_INVOICE, Rule.TO_INVOICE}
        if number and (not is_pattern or pattern_problem(rule, pattern) is None):
            found = made(rule.value, pattern, number, order_id=number, invoice_number=number)
            assert Derived.of(found.document()) == found


def test_what_the_carrier_says_already_is_not_made_again() -> None:
    assert NOTHING.numbers == made("add-prefix", "-", "AB1").numbers


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('{rule = "strip-prefix"}', "needs value, and no pattern"),
        ('{rule = "strip-prefix", value = " X"}', "must be 1 to 100 characters without spaces around them"),
        ('{rule = "strip-prefix", value = "X", pattern = "{invoice}"}', "needs value, and no pattern"),
        ('{rule = "from-invoice", value = "X"}', "needs pattern, and neither value nor of"),
        ('{rule = "from-invoice", pattern = "X", of = "order"}', "needs pattern, and neither value nor of"),
        ('{rule = "from-invoice", pattern = "MND"}', "a pattern is text with {invoice}"),
        ('{rule = "from-invoice", pattern = "MND{number}"}', "{number} is no placeholder"),
        ('{rule = "from-invoice", pattern = "{series}"}', "tells no two parcels apart"),
        ('{rule = "from-invoice", pattern = "{invoice}{invoice}"}', "stands in a pattern once"),
        ('{rule = "to-invoice", pattern = "M{invoice}{series}"}', "where {invoice} ends and {series} begins"),
        ('{rule = "guess", value = "X"}', "must be 'strip-prefix'"),
        ('{rule = "strip-prefix", valeu = "X"}', "valeu"),
    ],
)
def test_a_rule_that_cannot_be_meant_stops_the_start(entry: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        loaded(tmp_path, entry)

    assert "accounts.mystore.carriers.mandae.number_rules" in str(refused.value)
    assert words in str(refused.value)


def test_rules_are_read_from_the_settings(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '{rule = "to-invoice", pattern = "MND{invoice}"}')

    (rule,) = settings.accounts["mystore"].carriers["mandae"].number_rules
    assert ("to-invoice", "MND{invoice}", "number") == (rule.rule, rule.pattern, rule.of)


def loaded(folder: Path, entry: str) -> Any:
    file = folder / "relay.toml"
    file.write_text(
        '[accounts.mystore]\napp_key = "k"\napp_token = "t"\n'
        "[accounts.mystore.carriers.mandae]\nunsigned = true\n"
        f'path_key = "an-invented-path-key"\nnumber_rules = [{entry}]\n'
    )
    return load_settings({"RELAY_CONFIG": str(file)})


async def told(store: Store, rule: NumberRule | None, number: str | None, **said: Any) -> str | None:
    """Record an event as mapping does; return the strategy that placed it."""
    spoken = event(number, references=References(**said))
    wanted = recording(store, spoken)
    derived = derive([rule] if rule else [], spoken)
    facts = tuple(Fact(fingerprint=f.fingerprint, event=f.event, trace=f.trace, derived=derived) for f in wanted.facts)
    await store.write(replace(wanted, facts=facts))
    query = select(subjects.c.strategy)
    return await store.read(lambda connection: connection.execute(query).scalar_one())


CASES = [
    (NumberRule(rule=Rule.STRIP_PREFIX, text="LOJA-"), "LOJA-QX1", {}, "number-rule"),
    (NumberRule(rule=Rule.FROM_INVOICE, text="XX{invoice}"), None, {"invoice_number": "9"}, None),
    (NumberRule(rule=Rule.FROM_INVOICE, text="QX{invoice}"), None, {"invoice_number": "01"}, "number-rule"),
    (NumberRule(rule=Rule.TO_INVOICE, text="MND{invoice}"), "MND45781", {}, "invoice-number"),
    (NumberRule(rule=Rule.TO_INVOICE, text="MND{invoice}"), "MND45782", {}, None),
    (
        NumberRule(rule=Rule.STRIP_PREFIX, text="LOJA-", of="order"),
        None,
        {"order_id": "LOJA-v527103anml-01", "invoice_number": "45781"},
        "order-and-invoice",
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("rule", "number", "said", "strategy"), CASES, ids=[f"{case[0]} {case[3]}" for case in CASES])
@pytest.mark.parametrize("known_first", [True, False])
async def test_what_rules_make_finds_the_shipment_now_or_later(
    rule: NumberRule, number: str | None, said: dict[str, Any], strategy: str | None, known_first: bool, tmp_path: Path
) -> None:
    async with kept_in(tmp_path) as store:
        indexed = adding(store, shipment("v527103anml-01", "45781", "QX1"))
        if known_first:
            await store.write(indexed)
        await told(store, rule, number, **said)
        if not known_first:
            await store.write(indexed)
        shown = await store.read(lambda connection: connection.execute(select(rows)).all())
        (subject,) = await store.read(lambda connection: connection.execute(select(subjects)).all())

    assert (strategy, int(strategy is not None)) == (subject.strategy, len(shown))


@pytest.mark.anyio
async def test_rules_that_change_make_no_event_new_and_no_subject_another(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        for rule in (None, *(case[0] for case in CASES)):
            await told(store, rule, "LOJA-QX1", order_id="x")
        seen = await store.read(lambda connection: connection.execute(select(events.c.fingerprint)).all())
        known = await store.read(lambda connection: connection.execute(select(shipments)).all())

    assert (1, 0) == (len(seen), len(known))
