"""An observed account is read and never written to; going live sends what is missing."""

import pytest

from tests.accounts.stage import Stage, numbers


def test_nothing_is_written_while_an_account_is_observed(observed: Stage) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.advance(minutes=1)
    observed.settled()

    assert ["GET"] == [call["method"] for call in observed.calls()]
    assert [] == observed.timeline()


def test_an_event_is_observed_when_it_comes_although_a_look_is_due_much_later(observed: Stage) -> None:
    observed.scan("Postado", "04/03/2026 10:00")
    observed.advance(minutes=16)
    observed.settled()
    observed.advance(minutes=20)
    observed.scan("Em trânsito", "04/03/2026 14:20")

    rows = observed.comparison()["items"][0]["rows"]

    assert ["2026-03-04T18:00:00Z", "2026-03-04T18:36:00Z"] == [row["sent_at"] for row in rows]


def test_orders_are_looked_at_until_vtex_counts_a_delivered_parcel_as_delivered(observed: Stage) -> None:
    event = {"city": "Campinas", "state": "SP", "date": "2026-03-04T14:50:00-03:00"}
    event["description"] = "Objeto entregue ao destinatário"
    observed.scan(event["description"], "04/03/2026 14:50")
    observed.put(events=[event])
    observed.advance(minutes=1)
    observed.settled()
    assert {"shipments", "same", "delivery_waiting"} == set(numbers(observed.comparison()["totals"]))

    observed.put(isDelivered=True, events=[event])
    observed.advance(minutes=14)
    observed.settled()

    assert "agree" == observed.comparison()["items"][0]["delivery"]


def test_going_live_sends_exactly_what_is_missing(observed: Stage) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.scan("Saiu para entrega", "04/03/2026 14:40")
    observed.other_writer("Em trânsito", "2026-03-04T14:20:00-03:00")
    observed.other_writer("Nota fiscal emitida", "2026-03-03T09:00:00-03:00")
    observed.advance(minutes=1)
    observed.settled()

    observed.restart_relay(mode="live")
    observed.until(lambda: bool(observed.puts()))
    observed.settled()

    (put,) = observed.puts()
    assert ["Saiu para entrega"] == [event["description"] for event in put["body"]["events"]]
    assert ["Nota fiscal emitida", "Em trânsito", "Saiu para entrega"] == observed.timeline()
    assert 0 == observed.comparison()["totals"]["shipments"]


@pytest.mark.parametrize("words", ["Em trânsito", "Em transferência"])
def test_a_revised_event_counts_once_whichever_version_the_other_writer_has(observed: Stage, words: str) -> None:
    def mandae(name: str, text: str) -> None:
        event = {"id": "31", "date": "2026-03-04 14:20", "timestamp": "2026-03-04T14:20:00", "name": name}
        body = {"trackingCode": "QX004512345BR", "events": [{**event, "description": text}]}
        path = f"{observed.url}/webhooks/mandae/demo/k3y-of-the-path-0001"
        assert 200 == observed.http.post(path, json=body).status_code
        observed.settled()

    observed.restart_relay(
        mode="observe", carriers__mandae__path_key="k3y-of-the-path-0001", carriers__mandae__unsigned=True
    )
    mandae("Em trânsito", "Encomenda a caminho")
    observed.clock.advance(minutes=5)
    mandae("Em transferência", "Encomenda a caminho")
    observed.other_writer(words, "2026-03-04T14:20:00-03:00", city="", state="")
    observed.advance(hours=25)
    observed.settled()

    found = numbers(observed.comparison()["totals"])

    assert {"same": 1, "revised": 1} == {kind: found[kind] for kind in ("same", "revised")}
    assert not found.keys() & {"missing", "waiting", "extra"}


def test_an_account_s_own_texts_reach_vtex_and_what_was_sent_keeps_its_words(stage: Stage) -> None:
    stage.start_relay()
    stage.seed()
    stage.scan("Em trânsito", "04/03/2026 14:20")

    stage.restart_relay(texts={"IN_TRANSIT": "A caminho", "frenet/OUT_FOR_DELIVERY": "Chega hoje"})
    stage.advance(minutes=1)
    stage.scan("Objeto em trânsito", "04/03/2026 14:30")
    stage.scan("Saiu para entrega", "04/03/2026 14:40")

    assert ["Em trânsito", "A caminho", "Chega hoje"] == stage.timeline()
