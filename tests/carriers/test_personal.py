"""What each carrier's file says of the persons in its documents, held against its examples."""

from collections.abc import Iterator

import pytest

from app.adapter import Adapter
from app.examples import Example, examples
from app.payload import Members, Value, leaves, outline, query_members
from app.personal import Kind, Path, PersonalData, Subject, path_of
from tests.carriers.lookalikes import looks_personal


def values(example: Example) -> Iterator[tuple[Path, Value]]:
    """List every value of a case, with its path."""
    found = outline(example.webhook)
    if found is not None and found.form != "records":
        yield from leaves(found.value)
    query = query_members(example.webhook.query)
    yield from leaves(Members(tuple((f"?{name}", value) for name, value in query.pairs)))


def lines(example: Example) -> list[str]:
    found = outline(example.webhook)
    is_records = found is not None and found.form == "records"
    return [line for line in found.value if isinstance(line, str)] if is_records else []  # type: ignore[union-attr]


def personal(adapter: Adapter) -> PersonalData:
    assert adapter.personal is not None, "say what personal data it sends: personal=PersonalData(…), empty where none"
    return adapter.personal


def stands_in(pattern: str, adapter: Adapter) -> bool:
    """Tell whether a case has something at a declared path."""
    only = PersonalData(receiver={Kind.NAME: (pattern,)})
    if columns := only.columns:
        (record, start, end), _ = columns[0]
        shown = [line for example in examples(adapter.slug) for line in lines(example) if line.startswith(record)]
        return any(line[start:end].strip() for line in shown)
    return any(only.at(path) for example in examples(adapter.slug) for path, _ in values(example))


def test_what_looks_personal_is_declared_or_said_not_to_be(adapter: Adapter) -> None:
    told = personal(adapter)
    unsaid = {
        ".".join(path)
        for example in examples(adapter.slug)
        for path, value in values(example)
        if looks_personal(path, value) and not (told.at(path) or told.is_plain(path) or told.is_secret(path))
    }

    assert sorted(unsaid) == [], "declare it in `personal`, or give the reason why it is nobody's in `plain`"


def test_every_path_is_shown_by_a_case_or_marked_as_documented_only(adapter: Adapter) -> None:
    told = personal(adapter)
    paths = [*(path for path, _ in told.declared()), *told.plain, *told.secrets]
    nowhere = {path for path in paths if not stands_in(path, adapter)}

    assert told.documented <= {path for path, _ in told.declared()}
    assert sorted(nowhere) == sorted(told.documented)
    assert len(paths) == len(set(paths)), "a path stands once"
    assert all(told.plain.values()), "each has its reason"


@pytest.mark.parametrize(
    ("pattern", "path", "is_there"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.b.c", True),
        ("a.b", "a", False),
        ("a.*.c", "a.x.c", True),
        ("**.b", "x.y.b.z", True),
        ("**.b.c", "x.b.d", False),
        ("a", "x.a", False),
    ],
)
def test_a_path_covers_what_lies_beneath_it(pattern: str, path: str, is_there: bool) -> None:
    told = PersonalData(courier={Kind.PHONE: (pattern,)})

    assert ((Kind.PHONE, Subject.COURIER) if is_there else None) == told.at(path_of(path))


def test_what_is_said_to_be_nobodys_goes_before_what_lies_above_it() -> None:
    told = PersonalData(receiver={Kind.ADDRESS: ("to",)}, plain={"to.country": "a country"})

    assert told.at(("to", "country")) is None
    assert told.at(("to", "city")) is not None


def test_where_a_reading_took_a_value_is_found_among_the_declared() -> None:
    told = PersonalData(receiver={Kind.FREE_TEXT: ("events.comment", "342[44:114]")})
    found = (Kind.FREE_TEXT, Subject.RECEIVER)

    assert found == told.read_from("$.events[3].comment")
    assert found == told.read_from("line 4, columns 45-114")
    assert found == told.read_from("comment"), "an expression of a declared carrier starts at an event"
    assert told.read_from("$.comment") is None
    assert told.read_from("line 4, columns 21-28") is None
