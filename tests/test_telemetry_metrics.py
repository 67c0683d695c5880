"""Metrics have closed label sets, a registry of their own, and a reference made from the same table."""

import pytest
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from app.errors import StoreUnavailable
from app.model import Milestone
from app.telemetry import Backlog, Metrics, Vitals, describe_metrics


def made(registry: CollectorRegistry | None = None) -> Metrics:
    return Metrics(
        registry or CollectorRegistry(),
        carriers=("loggi", "17track"),
        accounts=("mystore",),
        sources=("mystore/loggi",),
    )


def values(metrics: Metrics, *prefixes: str) -> dict[str, float]:
    """Return the samples of a scrape, written as in a query, without zeros and times of creation."""
    text = metrics.exposition()[0].decode()
    return {
        f"{sample.name}{{{','.join(f'{key}={value}' for key, value in sorted(sample.labels.items()))}}}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith(prefixes) and not sample.name.endswith(("_created", "_bucket"))
    }


def test_webhooks_are_counted_by_carrier_and_outcome_with_their_time() -> None:
    metrics = made()
    metrics.webhook("loggi", "accepted", 0.004)
    metrics.webhook("loggi", "accepted", 0.006)
    metrics.webhook("17track", "duplicate", 0.25)
    assert values(metrics, "relay_webhooks", "relay_ingest") == {
        "relay_webhooks_total{carrier=loggi,outcome=accepted}": 2,
        "relay_webhooks_total{carrier=17track,outcome=duplicate}": 1,
        "relay_ingest_seconds_count{}": 3,
        "relay_ingest_seconds_sum{}": pytest.approx(0.26),
    }


def test_events_and_codes_that_no_adapter_lists_are_counted() -> None:
    metrics = made()
    metrics.event("loggi", Milestone.DELIVERED)
    metrics.event("loggi", Milestone.UNKNOWN, is_unknown=True)
    assert values(metrics, "relay_events", "relay_unknown") == {
        "relay_events_total{carrier=loggi,milestone=DELIVERED}": 1,
        "relay_events_total{carrier=loggi,milestone=UNKNOWN}": 1,
        "relay_unknown_codes_total{carrier=loggi}": 1,
    }


def test_attempts_lag_and_commits_are_measured() -> None:
    metrics = made()
    metrics.attempt("mystore", "applied", 0.5)
    metrics.forwarded("mystore", 12)
    metrics.commit(0.002, 32)
    assert values(metrics, "relay_attempt", "relay_forward", "relay_commit") == {
        "relay_attempts_total{account=mystore,outcome=applied}": 1,
        "relay_attempt_seconds_count{account=mystore}": 1,
        "relay_attempt_seconds_sum{account=mystore}": 0.5,
        "relay_forward_lag_seconds_count{account=mystore}": 1,
        "relay_forward_lag_seconds_sum{account=mystore}": 12,
        "relay_commit_seconds_count{}": 1,
        "relay_commit_seconds_sum{}": 0.002,
        "relay_commit_batch_size_count{}": 1,
        "relay_commit_batch_size_sum{}": 32,
    }


def test_which_secret_matched_is_counted_and_schemes_without_secrets_are_not() -> None:
    metrics = made()
    metrics.secret_matched("mystore/loggi", 0)
    metrics.secret_matched("mystore/loggi", 1)
    metrics.secret_matched("mystore/loggi", -1)
    metrics.secret_matched("mystore/loggi", 99)
    assert values(metrics, "relay_secret") == {
        "relay_secret_matched_total{secret=0,source=mystore/loggi}": 1,
        "relay_secret_matched_total{secret=1,source=mystore/loggi}": 1,
        "relay_secret_matched_total{secret=other,source=mystore/loggi}": 1,
    }


def test_refusals_are_counted_by_cause() -> None:
    metrics = made()
    for cause in ("wrong-credential", "missing-credential", "too-large"):
        metrics.refusal(cause)
    assert set(values(metrics, "relay_refusals")) == {
        "relay_refusals_total{cause=wrong-credential}",
        "relay_refusals_total{cause=missing-credential}",
        "relay_refusals_total{cause=too-large}",
    }


def test_twenty_thousand_invented_names_share_one_series() -> None:
    metrics = made()
    for number in range(20_000):
        name = f"invented-{number}"
        metrics.webhook(name, name, 0.001)
        metrics.refusal(name)
        metrics.event(name, Milestone.UNKNOWN, is_unknown=True)
        metrics.attempt(name, name, 0.001)
        metrics.forwarded(name, 1)
        metrics.secret_matched(name, 0)
    found = values(metrics, "relay_webhooks", "relay_refusals", "relay_events", "relay_unknown", "relay_attempts")
    assert found == {
        "relay_webhooks_total{carrier=other,outcome=other}": 20_000,
        "relay_refusals_total{cause=other}": 20_000,
        "relay_events_total{carrier=other,milestone=UNKNOWN}": 20_000,
        "relay_unknown_codes_total{carrier=other}": 20_000,
        "relay_attempts_total{account=other,outcome=other}": 20_000,
    }


GAUGES = ("relay_shipments_due", "relay_parked", "relay_dead", "relay_oldest_due", "relay_backlog", "relay_account")


def test_the_backlog_is_asked_for_at_every_scrape() -> None:
    metrics = made()
    due = iter((3, 5))
    metrics.watch(lambda: Backlog(shipments_due=next(due), parked=2, dead=1, oldest_due_seconds=7.5))
    assert values(metrics, *GAUGES[:-1]) == {
        "relay_shipments_due{}": 3,
        "relay_parked{}": 2,
        "relay_dead{}": 1,
        "relay_oldest_due_seconds{}": 7.5,
        "relay_backlog_age_seconds{}": 0,
    }
    assert values(metrics, "relay_shipments_due") == {"relay_shipments_due{}": 5}


def test_what_found_its_shipment_is_told_by_source_and_sources_that_left_count_together() -> None:
    metrics = made()
    matches = {"mystore/loggi": (10, 7, 9), "gone/loggi": (2, 1, 1), "left/loggi": (1, 0, 1)}
    metrics.watch(lambda: Backlog(shipments_due=0, parked=0, dead=0, oldest_due_seconds=0, matches=matches))
    assert values(metrics, "relay_subjects") == {
        "relay_subjects_total{outcome=seen,source=mystore/loggi}": 10,
        "relay_subjects_total{outcome=placed-within-hour,source=mystore/loggi}": 7,
        "relay_subjects_total{outcome=placed,source=mystore/loggi}": 9,
        "relay_subjects_total{outcome=seen,source=other}": 3,
        "relay_subjects_total{outcome=placed-within-hour,source=other}": 1,
        "relay_subjects_total{outcome=placed,source=other}": 2,
    }


def test_what_is_silent_is_told_of_configured_sources_and_accounts_and_only_where_it_is_known() -> None:
    metrics = Metrics(CollectorRegistry(), accounts=("mystore", "other"), sources=("mystore/loggi", "other/loggi"))
    silent = Backlog(
        shipments_due=0,
        parked=0,
        dead=0,
        oldest_due_seconds=0,
        quiet_sources={"mystore/loggi": True, "gone/loggi": True},
        quiet_shipments={"mystore": 3, "other": 0},
    )
    metrics.watch(lambda: silent)
    assert values(metrics, "relay_source_quiet", "relay_shipments_quiet") == {
        "relay_source_quiet{source=mystore/loggi}": 1,
        "relay_shipments_quiet{account=mystore}": 3,
        "relay_shipments_quiet{account=other}": 0,
    }


def test_each_configured_account_is_in_one_state_and_no_other_account_is_named() -> None:
    metrics = Metrics(CollectorRegistry(), accounts=("mystore", "other"))
    resting = {"other": "held", "formerly": "paused"}
    metrics.watch(lambda: Backlog(shipments_due=0, parked=0, dead=0, oldest_due_seconds=0, resting=resting))
    found = values(metrics, "relay_account_state")
    assert {key for key, value in found.items() if value} == {
        "relay_account_state{account=mystore,state=open}",
        "relay_account_state{account=other,state=held}",
    }
    assert len(found) == 2 * 5


def test_what_was_found_of_order_hooks_is_told_of_configured_accounts_that_were_looked_at() -> None:
    metrics = Metrics(CollectorRegistry(), accounts=("mystore", "other"))
    hooks = {"mystore": "foreign", "formerly": "ours"}
    metrics.watch(lambda: Backlog(shipments_due=0, parked=0, dead=0, oldest_due_seconds=0, hooks=hooks))
    found = values(metrics, "relay_order_hook")
    assert {"relay_order_hook{account=mystore,state=foreign}"} == {key for key, value in found.items() if value}
    assert len(found) == 5


def test_vitals_are_shown_and_what_a_process_does_not_have_is_absent() -> None:
    metrics = made()
    looks = iter(
        (Vitals(time_seconds=1_000.5), Vitals(time_seconds=1_001, worker_silent_seconds=2.5, disk_free_bytes=4096))
    )
    metrics.watch_vitals(lambda: next(looks))
    vitals = ("relay_time", "relay_worker", "relay_disk")
    assert values(metrics, *vitals) == {"relay_time_seconds{}": 1_000.5}
    assert values(metrics, *vitals) == {
        "relay_time_seconds{}": 1_001,
        "relay_worker_silent_seconds{}": 2.5,
        "relay_disk_free_bytes{}": 4096,
    }


def test_a_source_counts_from_zero_on_whether_or_not_it_has_secrets() -> None:
    metrics = made()
    assert values(metrics, "relay_source") == {"relay_source_webhooks_total{source=mystore/loggi}": 0}
    metrics.secret_matched("mystore/loggi", -1)
    metrics.secret_matched("mystore/loggi", 0)
    assert values(metrics, "relay_source") == {"relay_source_webhooks_total{source=mystore/loggi}": 2}


def test_a_backlog_that_is_not_known_is_absent_and_not_zero() -> None:
    metrics = made()
    metrics.watch(lambda: None)
    assert values(metrics, *GAUGES) == {}


def test_a_store_that_is_down_does_not_take_the_other_metrics_with_it() -> None:
    metrics = made()

    def backlog() -> Backlog:
        raise StoreUnavailable("the database does not answer")

    metrics.watch(backlog)
    metrics.refusal("too-large")
    assert values(metrics, "relay_refusals", *GAUGES) == {"relay_refusals_total{cause=too-large}": 1}


def test_the_reference_names_every_metric_with_its_labels_and_no_other() -> None:
    registry = CollectorRegistry()
    metrics = made(registry)
    metrics.watch(lambda: Backlog(shipments_due=0, parked=0, dead=0, oldest_due_seconds=0))
    metrics.watch_vitals(lambda: Vitals(time_seconds=0, worker_silent_seconds=0, disk_free_bytes=0))
    text = metrics.exposition()[0].decode()
    scraped = {
        (family.name, family.type, family.documentation)
        for family in text_string_to_metric_families(text)
        if not family.name.endswith("_created")
    }
    documented = {(doc.name.removesuffix("_total"), doc.type, doc.description) for doc in describe_metrics()}
    assert scraped == documented
    assert all(doc.name.startswith("relay_") and doc.description.endswith(".") for doc in describe_metrics())


def test_two_relays_in_one_process_do_not_share_metrics() -> None:
    one, other = made(), made()
    one.refusal("too-large")
    assert values(other, "relay_refusals") == {}
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("relay_")]


def test_the_exposition_says_what_it_is() -> None:
    assert made().exposition()[1].startswith("text/plain; version=")
