"""Both languages say everything, and say it with the same blanks."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.model import Milestone
from app.store.console_schema import tallies
from app.web.catalogue import CATALOGUE
from app.web.console import flags, languages, rendering
from app.web.console.languages import chosen, language
from app.web.dependencies import Role
from app.web.schemas import CAUSES

CONSOLE = Path(rendering.__file__).parent
SENTENCE = re.compile(r'(?:\bt\(|\belse t\()\s*"((?:[^"\\]|\\.)*)"')
COUNTED = re.compile(r'counted\([^"]*"([^"]+)",\s*"([^"]+)"')
TERM = re.compile(r'\bterm\("([a-zA-Z_-]+)"\)')
BLANK = re.compile(r"\{(\w+)\}")
ENGLISH, PORTUGUESE = language("en"), language("pt-BR")


def said() -> set[str]:
    """Gather every sentence: of the templates, of the code that hands them sentences, and of the problems."""
    found: set[str] = {name for _, name, _ in rendering.NAVIGATION + rendering.FOR_ADMINS} | {
        kind.title for kind in CATALOGUE.values()
    }
    for template in (CONSOLE / "templates").glob("*.html"):
        text = template.read_text("utf-8")
        found |= set(SENTENCE.findall(text)) | {one for pair in COUNTED.findall(text) for one in pair}
    for module in (flags, languages):
        text = Path(str(module.__file__)).read_text("utf-8")
        found |= {line for line in re.findall(r'(?<!")"([A-Z{][^"]{12,})"(?!")', text) if line[-1] in ".:"}
    login = (CONSOLE / "login.py").read_text("utf-8")
    return found | set(re.findall(r'next_, "([^"]+)"', login)) | {"{n} days"}


def test_every_sentence_is_said_in_portuguese_and_none_is_left_over() -> None:
    assert said() == set(PORTUGUESE.texts)


def test_a_translation_has_the_blanks_of_its_sentence() -> None:
    assert [] == [
        english
        for english, words in PORTUGUESE.texts.items()
        if set(BLANK.findall(english)) != set(BLANK.findall(words))
    ]


def test_both_languages_name_the_same_values() -> None:
    assert ENGLISH.terms.keys() == PORTUGUESE.terms.keys()
    known = {milestone.value for milestone in Milestone} | {role.name.lower() for role in Role} | set(CAUSES)
    for template in (CONSOLE / "templates").glob("*.html"):
        known |= set(TERM.findall(template.read_text("utf-8")))
    known -= {
        "field-",
        "reference-",
        "state-",
        "done-",
        "by-",
        "quality-",
        "verdict-",
        "sends-",
        "sample-",
        "maturity-",
        "gap-",
    }
    assert known <= ENGLISH.terms.keys()
    assert tallies.c.kind.comment is not None
    assert set(tallies.c.kind.comment.split(", ")) <= ENGLISH.terms.keys()


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("", "en"),
        ("pt", "pt-BR"),
        ("pt-PT,pt;q=0.8", "pt-BR"),
        ("en-GB,en;q=0.9,pt;q=0.8", "en"),
        ("fr,pt;q=0.2,en;q=0.1", "pt-BR"),
        ("*", "en"),
        ("en;q=nonsense,pt;q=0.1", "pt-BR"),
        ("," * 5000, "en"),
    ],
)
def test_a_browser_gets_what_it_likes_best_of_what_there_is(accepted: str, tag: str) -> None:
    assert tag == chosen(accepted)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=89), "89 s"),
        (timedelta(seconds=90), "1 min"),
        (timedelta(minutes=89), "89 min"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(hours=48), "2 days"),
        (timedelta(minutes=-12), "12 min"),
    ],
)
def test_durations_are_said_in_the_unit_that_fits(length: timedelta, words: str) -> None:
    assert words == ENGLISH.duration(length)


def test_numbers_days_and_times_are_written_as_people_write_them() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    time = datetime(2026, 3, 4, 18, 4, 31, tzinfo=UTC)
    exact = '<time datetime="2026-03-04T18:04:31+00:00" title="2026-03-04T18:04:31Z">'

    assert ("1,234,567", "1.234.567") == (ENGLISH.number(1234567), PORTUGUESE.number(1234567))
    assert ["0.05", "0,05", "20.0"] == [ENGLISH.number(0.05), PORTUGUESE.number(0.05), ENGLISH.number(20.0)]
    assert ("99.5 %", "99,5 %", "100 %") == (ENGLISH.percent(0.995), PORTUGUESE.percent(0.995), ENGLISH.percent(1.0))
    assert ("4 Mar 2026", "04/03/2026") == (ENGLISH.day(date(2026, 3, 4)), PORTUGUESE.day(date(2026, 3, 4)))
    assert f"{exact}4 Mar 2026, 15:04</time>" == ENGLISH.moment(time, zone)
    assert f"{exact}04/03/2026 15:04:31</time>" == PORTUGUESE.moment(time, zone, seconds=True)
    assert ["0 B", "1023 B", "1 KiB", "10 MiB"] == [ENGLISH.size(n) for n in (0, 1023, 1024, 10 * 1024 * 1024)]
