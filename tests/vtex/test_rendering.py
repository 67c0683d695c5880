"""Rows as VTEX gets them: dates, words, and the request around them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.account import DateFormat, Locale
from app.model import Milestone
from app.vtex import PHRASES, body_hash, delivered_date, description, request_body, row_date, scrub
from tests.emulator.schema import violations
from tests.forwarder.making import account

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
AT = datetime(2026, 3, 5, 1, 30, 15, tzinfo=UTC)
HEADERS = {"content-type": "application/json", "accept": "application/json"}
KEYS = {"x-vtex-api-appkey": "k", "x-vtex-api-apptoken": "t"}


@pytest.mark.parametrize(
    ("form", "expected", "day"),
    [
        (DateFormat.DATETIME, "2026-03-04T22:30:15-03:00", "2026-03-05T00:00:00-03:00"),
        (DateFormat.DATE, "2026-03-04", "2026-03-05"),
        (DateFormat.UTC, "2026-03-05T01:30:15Z", "2026-03-05T00:00:00Z"),
        (DateFormat.WALL_AS_UTC, "2026-03-04T22:30:15Z", "2026-03-05T00:00:00Z"),
    ],
)
def test_a_date_is_written_as_the_account_wants_it(form: DateFormat, expected: str, day: str) -> None:
    ours = account(date_format=form)

    assert expected == row_date(AT, ours, now=NOW)
    # A day stays that day, whatever zone it was read in.
    for zone in (UTC, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Asia/Tokyo")):
        assert day == row_date(datetime(2026, 3, 5, tzinfo=zone), ours, now=NOW, day_only=True)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/Sao_Paulo", "2026-03-04T22:30:15-03:00"),
        ("America/Mexico_City", "2026-03-04T19:30:15-06:00"),
        ("Asia/Kolkata", "2026-03-05T07:00:15+05:30"),
        ("UTC", "2026-03-05T01:30:15+00:00"),
    ],
)
def test_the_offset_is_the_account_s(zone: str, expected: str) -> None:
    assert expected == row_date(AT, account(timezone=ZoneInfo(zone)), now=NOW)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (DateFormat.DATETIME, "2026-03-10T09:00:00-03:00"),
        (DateFormat.DATE, "2026-03-10"),
        (DateFormat.UTC, "2026-03-10T12:00:00Z"),
        (DateFormat.WALL_AS_UTC, "2026-03-10T09:00:00Z"),
    ],
)
def test_a_time_in_the_future_is_written_as_now_and_a_clock_may_be_a_little_off(
    form: DateFormat, expected: str
) -> None:
    ours = account(date_format=form)
    a_little = NOW + timedelta(minutes=4)

    assert expected == row_date(NOW + timedelta(days=3), ours, now=NOW)
    assert expected == row_date(datetime(2026, 3, 12, tzinfo=UTC), ours, now=NOW, day_only=True)
    assert row_date(a_little, ours, now=NOW) == row_date(a_little, ours, now=a_little)


@given(
    st.builds(
        lambda hours, zone: (NOW + timedelta(hours=hours)).astimezone(zone), st.integers(-9999, 99), st.timezones()
    ),
    st.sampled_from(list(DateFormat)),
    st.booleans(),
    st.text(max_size=6000),
    st.sampled_from(list(Milestone)),
)
def test_whatever_is_rendered_is_what_vtex_documents(
    at: datetime, form: DateFormat, day_only: bool, words: str, milestone: Milestone
) -> None:
    ours = account(date_format=form)
    date = row_date(at, ours, now=NOW, day_only=day_only)
    text = description(words.encode("utf-8", "replace").decode(), milestone, ours)

    body = request_body([("", "", text, date)], delivered_date(at, ours, now=NOW))

    assert [] == violations(body, HEADERS | KEYS)


def test_when_it_was_delivered_is_local_to_the_minute_and_never_in_the_future() -> None:
    assert "2026-03-04 22:30" == delivered_date(AT, account(), now=NOW)
    assert "2026-03-10 09:00" == delivered_date(NOW + timedelta(days=1), account(), now=NOW)
    east = AT.astimezone(timezone(timedelta(hours=9)))
    assert "2026-03-04 22:30" == delivered_date(east, account(), now=NOW)


def test_the_carrier_s_words_are_shown_or_ours() -> None:
    carrier, phrase = account(), account(description="phrase", locale=Locale.ES)

    def words(ours: object, text: str | None, milestone: Milestone) -> str:
        return description(text, milestone, ours)  # type: ignore[arg-type]

    assert "Objeto postado" == words(carrier, " Objeto postado ", Milestone.IN_TRANSIT)
    assert ["Em trânsito"] * 3 == [words(carrier, text, Milestone.IN_TRANSIT) for text in (None, "", "  ")]
    assert "Entregado" == words(phrase, "Objeto entregue", Milestone.DELIVERED)
    # An unknown code has no phrase that says anything; the carrier's words do.
    assert "Triagem especial" == words(phrase, "Triagem especial", Milestone.UNKNOWN)
    assert "Actualización del transportista" == words(phrase, None, Milestone.UNKNOWN)


def test_an_account_s_own_words_go_before_both_the_code_s_before_the_milestone_s() -> None:
    ours = account(texts={"test/01": "Coletado na loja", Milestone.IN_TRANSIT: "A caminho"})

    assert "Coletado na loja" == description("x", Milestone.IN_TRANSIT, ours, carrier="test", code="01")
    assert "A caminho" == description("x", Milestone.IN_TRANSIT, ours, carrier="other", code="01")


def test_long_words_are_cut() -> None:
    assert "x" * 5000 == description("x" * 9000, Milestone.IN_TRANSIT, account())
    assert "x" * 4999 == description("x" * 4999 + " yyy", Milestone.IN_TRANSIT, account())


def test_every_milestone_has_a_phrase_in_every_language() -> None:
    assert {(locale, milestone) for locale in Locale for milestone in Milestone} == {
        (locale, milestone) for locale, phrases in PHRASES.items() for milestone, text in phrases.items() if text
    }


def test_a_body_is_known_by_its_content() -> None:
    one = request_body([("Campinas", "SP", "Coletado", "2026-03-05")], None)

    assert one == {
        "isDelivered": False,
        "deliveredDate": None,
        "events": [{"city": "Campinas", "state": "SP", "description": "Coletado", "date": "2026-03-05"}],
    }
    assert body_hash(one) == body_hash(dict(reversed(one.items())))
    assert body_hash(one) != body_hash({**one, "isDelivered": True})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Entregue. Recebido por: Fulano de Tal, RG 12.345.678-9", "Entregue. Recebido por: ***, ***"),
        ("Recebedor: FULANO DE TAL CPF 000.000.000-00", "Recebedor: ***"),
        ("Signed for by J. DOE at front desk. Thanks", "Signed for by ***. Thanks"),
        ("received by Mr. John Doe", "received by ***"),
        ("Recibido por Sra. Fulana; gracias", "Recibido por ***; gracias"),
        ("Destinatário 000.000.000-00 ausente", "Destinatário *** ausente"),
        ("Nota do CNPJ 00.000.000/0000-00", "Nota do ***"),
        ("Ligar para (11) 90000-0000", "Ligar para ***"),
        ("Contato +5511900000000", "Contato ***"),
        ("Objeto QX004512345BR saiu para entrega às 10:30 de 05/03/2026", None),
        ("Entrega prevista: 2026-03-05, rota 1234", None),
        ("Retirado por ausência de doca, nova tentativa", "Retirado por ***, nova tentativa"),
    ],
)
def test_personal_data_is_taken_out_of_a_carrier_s_words(text: str, expected: str | None) -> None:
    assert (text if expected is None else expected) == scrub(text)
