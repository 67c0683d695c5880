"""The access key of Brazilian invoices. The keys are invented; their check digits are right unless said otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialects.nfe import AccessKey, invoice_references
from app.model import References

PLAIN = "35261111222333000181550010000482131704159269"
WITH_LETTERS = "35261112ABC34501DE35550010000482141704159275"
FREIGHT = "35261144555666000181570000007712041334455667"
UNSOUND = "35261111222333000181550010000482131704159260"


@pytest.mark.parametrize(
    ("text", "issuer", "series", "number", "check_digit"),
    [
        (PLAIN, "11222333000181", "1", "48213", "9"),
        ("31261111222333000181550120000009051100000076", "11222333000181", "12", "905", "6"),
        (WITH_LETTERS, "12ABC34501DE35", "1", "48214", "5"),
    ],
)
def test_a_key_is_cut_into_what_it_says(text: str, issuer: str, series: str, number: str, check_digit: str) -> None:
    key = AccessKey.read(text)

    assert key == AccessKey(text=text, issuer=issuer, model="55", series=series, number=number)
    assert key.check_digit == check_digit
    assert key.is_sound
    assert key.is_invoice


@pytest.mark.parametrize(
    "spelling", [f"NFe{PLAIN}", " ".join(PLAIN[i : i + 4] for i in range(0, 44, 4)), PLAIN.lower()]
)
def test_a_key_is_read_in_its_spellings(spelling: str) -> None:
    key = AccessKey.read(spelling)

    assert key is not None
    assert key.text == PLAIN


@pytest.mark.parametrize("text", ["", "48213", PLAIN[:-1], PLAIN + "0", "x" * 44])
def test_anything_else_is_no_key(text: str) -> None:
    assert AccessKey.read(text) is None


def test_a_number_of_zeros_is_zero() -> None:
    key = AccessKey.read(PLAIN[:22] + "000" + "000000000" + PLAIN[34:])

    assert key is not None
    assert (key.series, key.number) == ("0", "0")


def test_a_check_digit_of_ten_or_eleven_is_zero() -> None:
    digits = {key.check_digit for n in range(100) if (key := AccessKey.read(f"{PLAIN[:40]}{n:03}0"))}

    assert digits == set("0123456789")


def test_the_senders_own_fields_go_before_the_keys() -> None:
    references, warnings = invoice_references(key=PLAIN, number="000048213", series="001")

    assert references == References(
        invoice_number="000048213", invoice_series="001", invoice_key=PLAIN, issuer="11222333000181"
    )
    assert warnings == ()


def test_a_key_alone_tells_number_series_and_issuer() -> None:
    references, _ = invoice_references(key=WITH_LETTERS)

    assert references == References(
        invoice_number="48214", invoice_series="1", invoice_key=WITH_LETTERS, issuer="12ABC34501DE35"
    )


def test_a_wrong_check_digit_is_a_warning_only() -> None:
    references, warnings = invoice_references(key=UNSOUND)

    assert references.invoice_key == UNSOUND
    assert warnings == (f"the check digit of the access key {UNSOUND} is wrong: 9 is expected",)


def test_the_key_of_a_freight_document_is_no_invoice() -> None:
    references, warnings = invoice_references(key=FREIGHT, issuer="11222333000181")

    assert references == References(issuer="11222333000181")
    assert warnings == (f"the access key {FREIGHT} is of model 57, which is no invoice",)


def test_what_is_no_key_is_not_offered_as_one() -> None:
    assert (References(invoice_number="7"), ("'none' is no NF-e access key",)) == invoice_references(
        key="none", number="7"
    )
    assert (References(), ()) == invoice_references(key=None)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    invoice_references(key=text)
