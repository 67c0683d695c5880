"""The pace of a replay is its own."""

from app.crowd import Crowd
from tests.web.stage import Relay
from tests.web.test_ops_replays import preview, received, started, state, worker


def test_a_replay_keeps_its_pace_and_one_that_was_stopped_holds_no_other_back(relay: Relay) -> None:
    received(relay, 3)
    slow = started(relay, preview(relay, carrier="signed")["token"], rate=0.001)
    one = worker(relay)

    rests = [relay.on_the_loop(one.step()) for _ in range(2)]
    kept = state(relay, slow)
    relay.ops("POST", f"/replays/{slow['id']}/cancel", json={})
    fast = started(relay, preview(relay, carrier="signed")["token"], rate=1000)
    relay.on_the_loop(one.step())

    # It looks again every few seconds: whoever changes a replay may have another process.
    assert ([5.0, 5.0], ("running", 1, 0)) == (rests, kept)
    assert ("done", 3, 0) == state(relay, fast)


def test_a_replay_goes_on_although_webhooks_keep_coming_in(relay: Relay) -> None:
    received(relay, 3)
    job = started(relay, preview(relay, carrier="signed")["token"])
    crowd = Crowd()
    one = worker(relay, crowd)
    crowd.join()
    relay.on_the_loop(one.step())

    assert ("done", 3, 0) == state(relay, job)
