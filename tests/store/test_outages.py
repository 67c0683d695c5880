"""What processes wrote down of their outages, on every engine."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.store import NoteOutages, Presence, Store, TurnedAway, presences_since, turned_away_since
from app.store.outages import drop_outages
from tests.store.making import Clock

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)


async def test_what_is_noted_again_is_brought_up_to_date(store: Store) -> None:
    now = Clock()()
    presence = Presence(id=1, since=now, until=now)
    away = TurnedAway(
        id=2, owner="demo", carrier="test", kind="failed", cause="disk", since=now, until=now, count=1, taken=0
    )
    await store.write(NoteOutages(presences=[presence], turned_away=[away]))
    presence, away = (
        replace(presence, until=now + HOUR, ended="stopped"),
        replace(away, until=now + HOUR, count=7, taken=3, is_over=True, cause="unexpected"),
    )
    other = replace(away, id=3, owner="other")
    await store.write(NoteOutages(presences=[presence], turned_away=[other, away]))

    assert (presence,) == await store.read(lambda connection: presences_since(connection, now))
    assert (away, other) == await store.read(lambda connection: turned_away_since(connection, None, now))
    assert (away,) == await store.read(lambda connection: turned_away_since(connection, ("demo",), now))
    assert () == await store.read(lambda connection: turned_away_since(connection, None, now + 2 * HOUR))


async def test_the_last_presence_before_a_time_is_listed_with_those_since(store: Store) -> None:
    now = Clock()()
    row = [Presence(id=n, since=now + n * HOUR, until=now + n * HOUR + HOUR / 2) for n in range(4)]
    await store.write(NoteOutages(presences=row))

    since = now + 3 * HOUR - HOUR / 4

    assert tuple(row[2:]) == await store.read(lambda connection: presences_since(connection, since))


class Drop:
    def __init__(self, before: object) -> None:
        self._before = before

    def run(self, connection: object) -> dict[str, int]:
        return drop_outages(connection, self._before)  # type: ignore[arg-type]


async def test_what_was_over_long_ago_is_forgotten(store: Store) -> None:
    now = Clock()()
    row = [Presence(id=n, since=now, until=now + n * HOUR) for n in range(3)]
    await store.write(NoteOutages(presences=row))

    assert {"presences": 2, "turned_away": 0} == await store.write(Drop(now + 2 * HOUR))
    assert (row[2],) == await store.read(lambda connection: presences_since(connection, now))
