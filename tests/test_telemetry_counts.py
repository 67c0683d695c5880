"""Our own counters are shown as the client's own would be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.samples import Sample

from app.telemetry.catalogue import INGEST_SECONDS, SECRET_MATCHED
from app.telemetry.counts import Counts, Spread

BOUNDS = [float(bound) for bound in INGEST_SECONDS.buckets or ()]
SECONDS = st.floats(min_value=0, max_value=100) | st.sampled_from(BOUNDS)
LABELS = st.tuples(st.sampled_from(["mystore/loggi", 'a "b"\n']), st.sampled_from(["0", "1", "other"]))


def shown(registry: CollectorRegistry) -> list[tuple[str, str, str, list[Sample]]]:
    """Return what a scrape gets, but for the times at which series began."""
    return [
        (
            family.name,
            family.type,
            family.documentation,
            sorted((each for each in family.samples if not each.name.endswith("_created")), key=str),
        )
        for family in registry.collect()
    ]


@given(counted=st.lists(LABELS))
def test_a_counter_is_shown_as_the_clients_own(counted: list[tuple[str, str]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counts = Counts(SECRET_MATCHED, ours)
    counter = Counter(SECRET_MATCHED.name, SECRET_MATCHED.description, SECRET_MATCHED.labels, registry=theirs)
    for labels in counted:
        counts.add(labels)
        counter.labels(*labels).inc()

    assert shown(theirs) == shown(ours)


@given(observed=st.lists(SECONDS))
def test_a_histogram_is_shown_as_the_clients_own(observed: list[float]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    spread = Spread(INGEST_SECONDS, ours)
    histogram = Histogram(
        INGEST_SECONDS.name, INGEST_SECONDS.description, registry=theirs, buckets=INGEST_SECONDS.buckets or ()
    )
    for seconds in observed:
        spread.observe(seconds)
        histogram.observe(seconds)

    assert shown(theirs) == shown(ours)


def test_a_series_says_since_when_it_counts() -> None:
    registry = CollectorRegistry()
    counts = Counts(SECRET_MATCHED, registry)
    counts.add(("mystore/loggi", "0"), 0)
    labels = {"source": "mystore/loggi", "secret": "0"}
    since = registry.get_sample_value("relay_secret_matched_created", labels)
    counts.add(("mystore/loggi", "0"))

    assert since
    assert registry.get_sample_value("relay_secret_matched_created", labels) == since
    assert registry.get_sample_value("relay_secret_matched_total", labels) == 1


def test_a_name_is_taken_once() -> None:
    registry = CollectorRegistry()
    Counts(SECRET_MATCHED, registry)

    with pytest.raises(ValueError, match="relay_secret_matched"):
        Counter(SECRET_MATCHED.name, SECRET_MATCHED.description, SECRET_MATCHED.labels, registry=registry)
