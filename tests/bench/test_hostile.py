"""The attack of the benchmark, in small: every kind is refused, and a carrier goes on."""

import asyncio
from pathlib import Path

from tests.bench.attack import KINDS, Attack
from tests.bench.hostile import _ACCOUNT, Carrier
from tests.e2e.relay import Relay


def test_a_carrier_goes_on_while_everything_hostile_is_refused(tmp_path: Path) -> None:
    relay = Relay(tmp_path, _ACCOUNT, settings="max_refusals_per_minute = 20")
    try:
        relay.start()
        relay.until_ready()
        attack = Attack(relay.port, 30 * len(KINDS))

        async def both() -> list[float]:
            carrier, _ = await asyncio.gather(Carrier(relay.port).run(lambda count: count >= 20), attack.run())
            return carrier

        assert 20 == len(asyncio.run(both()))
        assert 0 == relay.stop()
    finally:
        relay.close()
    assert 30 * len(KINDS) == attack.sent == sum(attack.statuses.values())
    assert {"400", "401", "404", "405", "413", "415", "429", "431"} <= attack.statuses.keys()
    assert not {status for status in attack.statuses if status.startswith(("2", "5")) and status != "503"}
