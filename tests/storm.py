"""A storm to watch: `make storm` posts webhooks to the demonstration that runs here, whose VTEX fails meanwhile.

In another terminal `make run`. VTEX errs, applies calls whose answer it drops, and asks to wait; every second a line
tells how many webhooks were taken and how many rows stand on timelines. Then it recovers, and the rows are counted.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from app.cli.demo.facts import DemoFacts, read_facts
from app.cli.demo.parcels import ACCOUNT
from app.settings import load_settings
from tests.e2e.parcels import SCANS, parcels, signature

FAULTS: Final = (
    {"kind": "error", "status": 503, "probability": 0.25},
    {"kind": "drop", "moment": "after", "probability": 0.15},
    {"kind": "latency", "seconds": 1, "probability": 0.2},
    {"kind": "error", "status": 429, "retry_after_seconds": 1, "probability": 0.02},
)
"""What goes wrong: an error, an answer that is lost after the call was applied, a slow one, and too many calls."""
PATIENCE_SECONDS: Final = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What stands on the timelines."""

    shown: int
    missing: int
    doubled: int


class Storm:
    """A demonstration, and the parcels of which its carriers speak all at once."""

    def __init__(self, facts: DemoFacts, count: int, rate: float) -> None:
        page = urlsplit(next(iter(facts.pages.values())))
        variable = f"RELAY_ACCOUNTS__{ACCOUNT.upper()}__"
        known = facts.variables
        (secret,) = httpx.Response(200, text=known[f"{variable}CARRIERS__EASYPOST"]).json()["secrets"]
        keys = {
            "X-VTEX-API-AppKey": known[f"{variable}APP_KEY"],
            "X-VTEX-API-AppToken": known[f"{variable}APP_TOKEN"],
        }
        self.relay = httpx.Client(base_url=facts.url, timeout=30)
        self.vtex = httpx.Client(base_url=f"{page.scheme}://{page.netloc}", headers=keys, timeout=30)
        self.secret, self.rate = secret, rate
        # Every storm has parcels of its own.
        self.parcels = parcels(count, first=random.randrange(1_000_000, 900_000_000))  # noqa: S311 - no secret
        self.taken = 0

    def prepare(self) -> None:
        """Have VTEX invoice the parcels' orders, and from then on go wrong."""
        for parcel in self.parcels:
            invoice = {
                "invoice_number": parcel.invoice,
                "tracking_number": parcel.tracking_number,
                "courier": "Exemplo",
                "invoiced_at": parcel.began.isoformat(),
            }
            order = {"account": ACCOUNT, "order_id": parcel.order, "invoices": [invoice]}
            self.vtex.post("/sandbox/api/orders", json=order).raise_for_status()
        for fault in FAULTS:
            self.vtex.post("/sandbox/api/faults", json=fault | {"account": ACCOUNT}).raise_for_status()

    def recover(self) -> None:
        """Let VTEX be well again."""
        self.vtex.delete("/sandbox/api/faults").raise_for_status()

    def post(self, over: Event) -> None:
        """Post each parcel's scans in order, the parcels among each other in none."""
        turns = [parcel for parcel in self.parcels for _ in range(SCANS)]
        random.shuffle(turns)
        told: Counter[int] = Counter()
        started = monotonic()
        for number, parcel in enumerate(turns):
            if over.wait(max(0.0, started + number / self.rate - monotonic())):
                return
            told[parcel.number] += 1
            body = parcel.webhook(told[parcel.number])
            headers = {"Content-Type": "application/json", "X-Hmac-Signature": signature(body, self.secret)}
            self.relay.post(f"/webhooks/easypost/{ACCOUNT}", content=body, headers=headers).raise_for_status()
            self.taken += 1

    def count(self) -> Counted:
        """Compare the timelines with what was told."""
        answer = self.vtex.get("/sandbox/api/orders").raise_for_status().json()
        documents = {item["order_id"]: item["document"] for item in answer["items"]}
        shown, missing, doubled = 0, 0, 0
        for parcel in self.parcels:
            rows = Counter(_rows(documents[parcel.order]))
            expected = Counter(row.description for row in parcel.rows())
            shown += rows.total()
            missing += (expected - rows).total()
            doubled += (rows - expected).total()
        return Counted(shown=shown, missing=missing, doubled=doubled)


def _rows(document: dict[str, Any]) -> Iterator[str]:
    for package in document["packageAttachment"]["packages"]:
        yield from (row["description"] for row in package["courierStatus"]["data"])


def watch(storm: Storm, posting: "Future[None]") -> Counted:
    """Tell every second how it stands, let VTEX recover once all is posted, and wait for the last row."""
    wanted, started, failing = len(storm.parcels) * SCANS, monotonic(), True
    pause = Event()
    while True:
        counted = storm.count()
        state = "fails" if failing else "is well again"
        sys.stdout.write(
            f"{monotonic() - started:5.0f} s  {storm.taken:5} of {wanted} webhooks taken  "
            f"{counted.shown:5} rows on timelines  VTEX {state}\n"
        )
        sys.stdout.flush()
        if posting.done() and failing:
            posting.result()
            storm.recover()
            failing = False
        elif counted.missing == 0 or monotonic() - started > PATIENCE_SECONDS:
            return counted
        pause.wait(1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Storm, and end with 0 when each row stands there once."""
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--parcels", type=int, default=60, help="how many parcels; each is told five scans")
    parser.add_argument("--rate", type=float, default=15.0, help="webhooks a second")
    given = parser.parse_args(arguments)
    facts = read_facts(load_settings())
    if facts is None:
        sys.stderr.write("no demonstration runs in this folder: `make run` in another terminal starts one\n")
        return 1
    storm, over = Storm(facts, given.parcels, given.rate), Event()
    sys.stdout.write(f"Watch it at {facts.ops_url}/console, and at VTEX's own {storm.vtex.base_url}\n")
    storm.prepare()
    with ThreadPoolExecutor(1) as posters:
        try:
            counted = watch(storm, posters.submit(storm.post, over))
        finally:
            over.set()
            storm.recover()
    sys.stdout.write(
        f"{counted.shown} rows on timelines: {counted.missing} missing, {counted.doubled} twice or nobody's\n"
    )
    return 0 if counted.missing == counted.doubled == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
