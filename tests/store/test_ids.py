"""Ids grow with time, whatever clocks do, and people can read them."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Text

from app.store import Ids, Store, parse_public_id, public_id, tables
from app.store.greatest import WITH_IDS
from app.store.tables import metadata
from tests.store.making import put

NUMBERS = st.integers(0, 2**63 - 1)


@given(NUMBERS)
def test_a_public_id_reads_back_whatever_the_case(number: int) -> None:
    text = public_id("wh", number)

    assert number == parse_public_id("wh", text) == parse_public_id("wh", f"wh_{text[3:].lower()}")
    assert 16 == len(text)


@given(NUMBERS, NUMBERS)
def test_public_ids_sort_like_their_numbers(left: int, right: int) -> None:
    assert (left < right) == (public_id("wh", left) < public_id("wh", right))


@given(st.text() | st.from_regex(r"\A(wh|sh)_[0-9A-Za-z]{11,15}\Z"))
def test_what_is_no_public_id_is_none_and_what_is_one_has_one_spelling(text: str) -> None:
    number = parse_public_id("wh", text)

    assert number is None or public_id("wh", number) == text.partition("_")[0] + "_" + text.partition("_")[2].upper()


def test_ids_fit_sixty_three_bits_grow_and_say_when_they_were_made() -> None:
    ids = Ids(node=7)
    before = time.time()
    made = [ids.next() for _ in range(20_000)]

    assert made == sorted(set(made))
    assert all(0 < id_ < 2**63 for id_ in made)
    assert {7} == {id_ >> 13 & 0x1FF for id_ in made}
    assert abs((made[0] >> 22) / 1000 + 1_577_836_800 - before) < 5


def test_ids_of_several_threads_are_distinct() -> None:
    ids = Ids()
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: [ids.next() for _ in range(2000)], range(4)))

    assert 8000 == len({id_ for some in made for id_ in some})


def test_ids_grow_after_the_clock_was_set_back() -> None:
    future = 2**62 + 12_345

    assert Ids(after=future).next() > future


@pytest.mark.parametrize("node", [-1, 512])
def test_a_node_has_nine_bits(node: int) -> None:
    with pytest.raises(ValueError, match="not between 0 and 511"):
        Ids(node=node)


@pytest.mark.anyio
async def test_a_store_goes_on_after_the_greatest_id_that_it_holds(database_url: str) -> None:
    far = 2**62
    store = Store.open(database_url)
    operation = put(store, "1")
    await store.write(type(operation)(**{name: getattr(operation, name) for name in operation.__slots__} | {"id": far}))
    await store.close()

    store = Store.open(database_url)
    try:
        assert store.ids.next() > far
    finally:
        await store.close()


def test_every_table_whose_ids_are_made_here_is_looked_at_for_the_greatest() -> None:
    # Keys of erasures have ids that are words.
    found = (table for table in metadata.tables.values() if "id" in table.columns)

    assert set(WITH_IDS) == {table.name for table in found if not isinstance(table.c.id.type, Text)}


def test_all_that_declares_tables_is_asked_for_them() -> None:
    declaring = {path.stem for path in Path(str(tables.__file__)).parent.glob("*_schema.py")}

    assert declaring == {*tables.__all__} - {"metadata"}
