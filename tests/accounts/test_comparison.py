"""An observed account beside another writer: the comparison is right in every number."""

from tests.accounts.stage import ORDER, Stage, numbers

SECOND, THIRD = "1527103869573-01", "1527103869574-01"


def kinds(stage: Stage, **query: str) -> list[tuple[str, str]]:
    items = stage.comparison(**query)["items"]
    return [(row["description"], row["kind"]) for item in items for row in item["rows"]]


def test_a_row_that_another_writer_writes_in_the_same_words_agrees(observed: Stage) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.clock.advance(seconds=45)
    observed.other_writer("Em trânsito", "2026-03-04T14:20:00-03:00")
    observed.advance(seconds=15)
    observed.settled()

    found = observed.comparison()

    assert {
        "shipments": 1,
        "same": 1,
        "earlier": 1,
        "earlier_by_median_seconds": 45.0,
        "earlier_by_p90_seconds": 45.0,
    } == numbers(found["totals"])
    assert [("same", 45.0)] == [(row["kind"], row["earlier_by_seconds"]) for row in found["items"][0]["rows"]]


def test_a_row_of_the_same_moment_in_other_words_is_reworded(observed: Stage) -> None:
    observed.other_writer("Objeto em movimentação", "2026-03-04T14:20:00-03:00")
    observed.clock.advance(minutes=2)
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.advance(minutes=1)
    observed.settled()

    assert {
        "shipments": 1,
        "reworded": 1,
        "later": 1,
        "earlier_by_median_seconds": -120.0,
        "earlier_by_p90_seconds": -120.0,
    } == numbers(observed.comparison()["totals"])


def test_a_row_is_missing_only_once_an_order_read_late_enough_shows_none(observed: Stage) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    for hours in (1, 6, 16.9):
        observed.advance(hours=hours)
        observed.settled()
        assert {"shipments": 1, "waiting": 1} == numbers(observed.comparison()["totals"])

    observed.advance(hours=1)
    observed.settled()

    assert {"shipments": 1, "missing": 1} == numbers(observed.comparison()["totals"])
    assert {"shipments": 1, "waiting": 1} == numbers(observed.comparison(missing_after_hours=48)["totals"])


def test_a_row_is_not_missing_while_orders_cannot_be_read(observed: Stage) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.fault(kind="error", status=500, route="get-order")

    observed.advance(hours=30)
    observed.until(lambda: bool(observed.calls()))

    assert {"shipments": 1, "waiting": 1} == numbers(observed.comparison()["totals"])


def test_rows_of_the_other_writer_that_are_like_none_of_ours_are_extra(observed: Stage) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.other_writer("Em trânsito", "2026-03-04T14:20:00-03:00")
    observed.other_writer("Nota fiscal emitida", "2026-03-03T09:00:00-03:00")
    observed.advance(minutes=1)
    observed.settled()

    found = observed.comparison()

    assert (1, 1) == (found["totals"]["same"], found["totals"]["extra"])
    assert ["Nota fiscal emitida"] == [row["description"] for row in found["items"][0]["extra"]]


def test_what_others_wrote_is_shown_to_viewers_without_personal_data(observed: Stage) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.other_writer("Recebido por: Marina Exemplo", "2026-03-03T09:00:00-03:00")
    observed.advance(minutes=1)
    observed.settled()

    def shown(token: str) -> list[str]:
        (item,) = observed.ops("GET", "/accounts/demo/comparison", token=token).json()["items"]
        return [row["description"] for row in item["extra"]]

    assert ["Recebido por: ***"] == shown("viewer")
    assert ["Recebido por: Marina Exemplo"] == shown("support")


def story(stage: Stage) -> None:
    """Play three parcels: one as the other writer has it, one with differences, one that he forgot."""
    stage.seed(SECOND, "000045782", "QX004512346BR")
    stage.seed(THIRD, "000045783", "QX004512347BR")
    stage.scan("Em trânsito", "04/03/2026 14:20")
    stage.scan("Em trânsito", "04/03/2026 14:30", "QX004512346BR")
    stage.scan("Saiu para entrega", "04/03/2026 14:40", "QX004512346BR")
    stage.scan("Objeto entregue ao destinatário", "04/03/2026 14:50", "QX004512347BR")
    stage.clock.advance(minutes=10)
    stage.other_writer("Em trânsito", "2026-03-04T14:20:00-03:00")
    stage.other_writer("Em rota", "2026-03-04T14:30:00-03:00", SECOND, "000045782")
    stage.clock.advance(minutes=20)
    stage.other_writer("Saiu para entrega", "2026-03-04T14:40:00-03:00", SECOND, "000045782")
    stage.other_writer("Conferido", "2026-03-04T08:00:00-03:00", SECOND, "000045782")
    stage.advance(hours=24)
    stage.settled()
    # Too late to have been seen by a look that came 24 hours after the others.
    stage.scan("Objeto entregue ao destinatário", "05/03/2026 15:10")


def test_the_totals_are_those_of_all_shipments_and_pages_add_up_to_them(observed: Stage) -> None:
    story(observed)

    whole = observed.comparison()
    pages = [observed.comparison(limit=1)]
    while pages[-1]["next"]:
        pages.append(observed.comparison(limit=1, cursor=pages[-1]["next"]))

    assert {
        "shipments": 3,
        "same": 2,
        "reworded": 1,
        "missing": 1,
        "waiting": 1,
        "extra": 1,
        "earlier": 3,
        "earlier_by_median_seconds": 600.0,
        "earlier_by_p90_seconds": 1800.0,
        "delivery_only_relay": 1,
        "delivery_waiting": 1,
    } == numbers(whole["totals"])
    assert [whole["totals"]] * 3 == [page["totals"] for page in pages]
    assert whole["items"] == [item for page in pages for item in page["items"]]
    assert [THIRD, SECOND, ORDER] == [item["order_id"] for item in whole["items"]]


def test_shipments_with_something_of_one_kind_can_be_listed(observed: Stage) -> None:
    story(observed)

    def listed(kind: str) -> list[str]:
        found = observed.comparison(show=kind)
        assert 3 == found["totals"]["shipments"]
        return [item["order_id"] for item in found["items"]]

    wanted = {
        "missing": [THIRD],
        "reworded": [SECOND],
        "extra": [SECOND],
        "same": [SECOND, ORDER],
        "waiting": [ORDER],
        "only-relay": [THIRD],
        "delivery-waiting": [ORDER],
        "agree": [],
    }
    assert wanted == {kind: listed(kind) for kind in wanted}


def test_since_leaves_out_what_would_have_been_sent_before(observed: Stage) -> None:
    story(observed)

    found = observed.comparison(since="2026-03-05T00:00:00Z")

    assert [("Objeto entregue ao destinatário", "waiting")] == kinds(observed, since="2026-03-05T00:00:00Z")
    assert 1 == found["totals"]["shipments"]


def test_delivery_agrees_when_both_say_so_and_is_ours_or_theirs_alone_otherwise(observed: Stage) -> None:
    observed.seed(SECOND, "000045782", "QX004512346BR")
    delivered = {"city": "Campinas", "state": "SP", "date": "2026-03-04T14:50:00-03:00"}
    observed.scan("Objeto entregue ao destinatário", "04/03/2026 14:50")
    observed.scan("Em trânsito", "04/03/2026 14:50", "QX004512346BR")
    events = [{**delivered, "description": "Objeto entregue ao destinatário"}]
    observed.put(isDelivered=True, events=events)
    observed.put(SECOND, "000045782", isDelivered=True, events=events)
    observed.advance(minutes=1)
    observed.settled()

    found = observed.comparison()

    assert (1, 0, 1) == tuple(found["totals"][f"delivery_{name}"] for name in ("agree", "only_relay", "only_vtex"))
    theirs, both = found["items"]
    assert ("only-vtex", None) == (theirs["delivery"], theirs["would_deliver_at"])
    assert ("agree", "2026-03-04T18:00:00Z") == (both["delivery"], both["would_deliver_at"])


def test_a_refresh_reads_every_observed_order_again(observed: Stage) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.advance(minutes=1)
    observed.settled()
    observed.other_writer("Em trânsito", "2026-03-04T14:20:00-03:00")
    assert ["waiting"] == [kind for _, kind in kinds(observed)]

    answer = observed.ops("POST", "/accounts/demo/comparison/refresh")
    observed.settled()

    assert (202, {"queued": 1}) == (answer.status_code, answer.json())
    assert ["same"] == [kind for _, kind in kinds(observed)]


def test_viewers_compare_and_operators_refresh_their_own_accounts(observed: Stage) -> None:
    wanted = {
        ("GET", "/accounts/demo/comparison", "viewer"): 200,
        ("GET", "/accounts/demo/comparison", "other-operator"): 404,
        ("GET", "/accounts/nobody/comparison", "operator"): 404,
        ("GET", "/accounts/demo/comparison?show=everything", "viewer"): 422,
        ("GET", "/accounts/demo/comparison?cursor=nonsense", "viewer"): 422,
        ("POST", "/accounts/demo/comparison/refresh", "support"): 403,
        ("POST", "/accounts/demo/comparison/refresh", "other-operator"): 404,
    }

    assert wanted == {
        (method, path, token): observed.ops(method, path, token=token).status_code for method, path, token in wanted
    }
