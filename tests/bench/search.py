"""How long lists, filters and searches take beside a million stored webhooks: ``make bench-search`` measures it.

The operators' interface is asked over HTTP, as the console and the commands ask it. Every question is asked several
times; what counts is the median, and it must stay below 200 ms. The database is one of `tests.bench.filled`.
"""

import argparse
import asyncio
import json
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import uvicorn

from app.store import Store
from app.web import LimitedProtocol, create_app
from tests.bench.filled import RARE_CODE, Filling, fill
from tests.postgresql.server import running
from tests.web.stage import Clock, composed

__all__ = ["Answered", "answer", "questions", "run", "served", "settle"]

_MOST_SECONDS: Final = 0.2
_TIMES: Final = 9

Asked = tuple[str, dict[str, Any], bool]
"""A path, its query, and whether it must find something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked; ``finds`` says that something must be found."""

    name: str
    path: str
    query: dict[str, Any]
    token: str = "admin"
    finds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How long the answers to a question took, in seconds."""

    name: str
    fastest: float
    median: float
    slowest: float
    found: int


def questions(filling: Filling) -> list[Question]:
    """List what people ask: every list, every filter, and the searches; of each the easy and the hard."""
    middle = filling.at(filling.webhooks // 2)
    span = {"since": (middle - timedelta(hours=6)).isoformat(), "until": middle.isoformat()}
    parcel = filling.webhooks // 10
    number = filling.number(parcel)
    asked = [
        *_of_webhooks(span, number),
        *_of_events(span, number),
        *_of_shipments(filling, span, parcel),
        *_of_the_rest(span, number, parcel),
    ]
    return [Question(name=_named(path, query), path=path, query=query, finds=finds) for path, query, finds in asked]


def _named(path: str, query: dict[str, Any]) -> str:
    return " ".join([path, *(f"{key}={value}" for key, value in query.items())])


def _of_webhooks(span: dict[str, str], number: str) -> list[Asked]:
    return [
        ("/webhooks", {}, True),
        ("/webhooks", {"account": "mystore"}, True),
        ("/webhooks", {"account": "brands"}, False),
        ("/webhooks", {"carrier": "keyed"}, True),
        ("/webhooks", {"carrier": "xml"}, False),
        ("/webhooks", {"account": "mystore", "carrier": "keyed"}, False),
        ("/webhooks", {"account": "other", "carrier": "xml", "state": "mapped"}, False),
        ("/webhooks", {"state": "unmappable"}, True),
        ("/webhooks", {"state": "ignored", "account": "other", "carrier": "signed"}, True),
        ("/webhooks", {"state": "unmappable", "account": "other", "carrier": "xml"}, False),
        ("/webhooks", {"state": "stored"}, False),
        ("/webhooks", {**span}, True),
        ("/webhooks", {**span, "account": "mystore", "state": "mapped"}, True),
        ("/webhooks", {"tracking_number": number}, True),
        ("/webhooks", {"tracking_number": "QX-NOWHERE"}, False),
        ("/webhooks", {"milestone": "DELIVERED"}, True),
        ("/webhooks", {"milestone": "EXCEPTION"}, False),
        ("/webhooks", {"code": RARE_CODE}, False),
        ("/webhooks", {"adapter_version": 1}, False),
        ("/webhooks", {"account": "mystore", "adapter_version": 2, "milestone": "DELIVERED", "code": "code-4"}, True),
        ("/webhooks", {**span, "body": number}, False),
        ("/webhooks", {**span, "body": "em trânsito"}, True),
    ]


def _of_events(span: dict[str, str], number: str) -> list[Asked]:
    return [
        ("/events", {}, True),
        ("/events", {"account": "other"}, True),
        ("/events", {"account": "brands", "carrier": "xml"}, False),
        ("/events", {"milestone": "EXCEPTION"}, False),
        ("/events", {"code": RARE_CODE}, False),
        ("/events", {"tracking_number": number}, True),
        ("/events", {"placed": False}, True),
        ("/events", {**span, "code": "code-1"}, True),
        ("/attempts", {}, True),
        ("/attempts", {"outcome": "failed"}, True),
        ("/attempts", {"account": "other", "status": 418}, False),
        ("/attempts", {**span, "call": "put"}, True),
        ("/refusals", {"cause": "wrong-credential", "account": "mystore"}, True),
    ]


def _of_shipments(filling: Filling, span: dict[str, str], parcel: int) -> list[Asked]:
    return [
        ("/shipments", {}, True),
        ("/shipments", {"account": "other"}, True),
        ("/shipments", {"state": "due"}, True),
        ("/shipments", {"state": "due", "account": "other"}, True),
        ("/shipments", {"state": "idle", "account": "mystore"}, True),
        ("/shipments", {"state": "dead"}, True),
        ("/shipments", {"state": "dead", "account": "mystore"}, True),
        ("/shipments", {"heard": False}, False),
        ("/shipments", {"order_id": f"v{parcel}abc-01"}, True),
        ("/shipments", {"tracking_number": filling.number(parcel)}, True),
        ("/shipments", {"invoice_number": str(parcel)}, True),
        ("/shipments", {**span}, True),
        ("/shipments/quiet", {"silence": "5d"}, True),
        ("/shipments/quiet", {"silence": "30d", "account": "other"}, True),
        ("/shipments/dead/causes", {}, True),
        ("/parked", {}, True),
        ("/parked", {"account": "other", "carrier": "keyed", "cause": "unknown-number"}, False),
        ("/parked", {"tracking_number": filling.number(3)}, True),
        ("/parked/causes", {}, True),
        ("/unmatched", {"carrier": "signed", **span}, False),
    ]


def _of_the_rest(span: dict[str, str], number: str, parcel: int) -> list[Asked]:
    return [
        ("/search", {"q": number}, True),
        ("/search", {"q": f"v{parcel}abc"}, True),
        ("/search", {"q": f"v{parcel}abc-01"}, True),
        ("/search", {"q": str(500_000 + parcel)}, True),
        ("/search", {"q": f"{parcel:044d}"}, True),
        ("/search", {"q": "nothing like it"}, False),
        ("/accounts", {}, True),
        ("/accounts/mystore", {}, False),
        ("/sources", {}, True),
        ("/activity", {"hours": 720}, False),
        ("/unknown-codes", {}, False),
        ("/audit", {}, True),
        ("/audit", {"actor": "nobody"}, False),
        ("/audit", {"action": "account.", **span}, False),
        ("/audit", {"account": "mystore"}, False),
        ("/tokens", {}, True),
        ("/replays", {}, False),
        ("/backfills", {}, False),
    ]


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve on loopback; give the address."""
    config = uvicorn.Config(
        application, http=LimitedProtocol, log_config=None, lifespan="off", access_log=False, proxy_headers=False
    )
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


def run(
    database_url: str, filling: Filling, *, times: int = _TIMES, told: Callable[[str], None] = lambda _line: None
) -> list[Answered]:
    """Fill an empty database, ask everything, and say how long that took."""
    clock = Clock()
    clock.time = filling.until
    store = Store.open(database_url)
    try:
        began = time.perf_counter()
        asyncio.run(fill(store, filling, lambda count: told(f"{count} webhooks") if count % 100_000 == 0 else None))
        settle(database_url)
        told(f"filled in {time.perf_counter() - began:.0f} s")
        with served(create_app(composed(store, clock, []))) as url, httpx.Client(base_url=url, timeout=60) as http:
            asked = questions(filling)
            answer(http, asked[0])  # With the first request the routes are made.
            return [_asked(http, question, times, told) for question in _with_pages(http, asked)]
    finally:
        asyncio.run(store.close())


def _with_pages(http: httpx.Client, asked: list[Question]) -> Iterator[Question]:
    """Ask for a later page, too, wherever there is one."""
    for question in asked:
        yield question
        following = answer(http, question).get("next")
        if following:
            query = {**question.query, "cursor": following}
            yield Question(name=f"{question.name} next", path=question.path, query=query, finds=False)


def answer(http: httpx.Client, question: Question) -> dict[str, Any]:
    """Ask, and return the answer."""
    headers = {"Authorization": f"Bearer token-of-{question.token}"}
    reply = http.get(f"/ops/v1{question.path}", params=question.query, headers=headers)
    if reply.status_code != httpx.codes.OK:
        message = f"{question.name}: {reply.status_code} {reply.text}"
        raise RuntimeError(message)
    found: dict[str, Any] = reply.json()
    return found


def _asked(http: httpx.Client, question: Question, times: int, told: Callable[[str], None]) -> Answered:
    taken: list[float] = []
    found = 0
    for _ in range(times):
        began = time.perf_counter()
        reply = answer(http, question)
        taken.append(time.perf_counter() - began)
        found = sum(len(reply[name]) for name in ("items", "waiting") if isinstance(reply.get(name), list))
    if question.finds and not found:
        message = f"{question.name} finds nothing: the question or the filling is wrong"
        raise RuntimeError(message)
    median = statistics.median(taken)
    times_shown = "  ".join(f"{each * 1000:7.1f} ms" for each in (min(taken), median, max(taken)))
    told(f"{times_shown}  {found:4d}  {question.name}")
    return Answered(name=question.name, fastest=min(taken), median=median, slowest=max(taken), found=found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and tell by the exit status whether every median stays below 200 ms."""
    parser = argparse.ArgumentParser(prog="make bench-search", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--webhooks", type=int, default=1_000_000, help="how many are stored")
    parser.add_argument("--times", type=int, default=_TIMES, help="how often each question is asked")
    parser.add_argument(
        "--engine", choices=("sqlite", "postgresql"), default="sqlite", help="of the database, which is deleted"
    )
    parser.add_argument("--database-url", help="an empty database in its place, which is left filled")
    parser.add_argument("--json", type=Path, help="file to write the measurements to")
    given = parser.parse_args(arguments)
    filling = Filling(webhooks=given.webhooks, until=Clock().time)
    with _database(given.engine, given.database_url) as url:
        _say("   fastest      median     slowest  found  question")
        answered = run(url, filling, times=given.times, told=_say)
    if given.json is not None:
        given.json.write_text(json.dumps([asdict(each) for each in answered], indent=1), encoding="utf-8")
    slow = [each for each in answered if each.median >= _MOST_SECONDS]
    worst = max(answered, key=lambda each: each.median)
    _say(f"{len(answered)} questions, the slowest median {worst.median * 1000:.0f} ms: {worst.name}")
    _say("all below 200 ms" if not slow else f"{len(slow)} are not below 200 ms")
    return 1 if slow else 0


@contextmanager
def _database(engine: str, url: str | None) -> Iterator[str]:
    """Name an empty database."""
    if url is not None:
        yield url
    elif engine == "postgresql":
        with running({"autovacuum": "on", "max_wal_size": "4GB"}) as server:
            server.execute("CREATE DATABASE relay")
            yield server.url("relay")
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/relay.db"


def settle(database_url: str) -> None:
    """Have PostgreSQL look at what was written, as its autovacuum does within minutes."""
    if database_url.startswith("postgresql"):
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
