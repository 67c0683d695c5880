"""A carrier that posts from several connections, and posts again whatever was not answered."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Self

import httpx

from tests.e2e.parcels import signature

POSTERS = 4
_PATIENCE_SECONDS = 3.0
_RETRY_SECONDS = 0.05


class Carrier:
    """Post webhooks, given as account and body, until each was answered 2xx; anything but that and 503 is a fault.

    As a context it begins to post when it is entered; it stops at the end, finished or not.
    """

    def __init__(self, url: str, webhooks: Iterable[tuple[str, bytes]]) -> None:
        self.answered: list[str] = []
        """The ids that the relay answered with, each time it did."""
        self.faults: list[str] = []
        self.unanswered = 0
        """How often a webhook had to be posted again."""
        self._url = url
        self._left = deque(webhooks)
        self._total = len(self._left)
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._post_all) for _ in range(POSTERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    @property
    def is_done(self) -> bool:
        return len(self.answered) == self._total

    def until(self, answered: int, *, seconds: float) -> None:
        """Wait until so many webhooks were answered."""
        self._wait(lambda: len(self.answered) >= answered, seconds)

    def until_done(self, *, seconds: float) -> None:
        self._wait(lambda: self.is_done, seconds)

    def _wait(self, so: Callable[[], bool], seconds: float) -> None:
        with self._changed:
            came = self._changed.wait_for(lambda: so() or bool(self.faults), timeout=seconds)
        assert not self.faults, self.faults
        assert came, f"only {len(self.answered)} of {self._total} webhooks were answered within {seconds:g} s"

    def _post_all(self) -> None:
        # A connection pool of its own: a killed relay takes one connection away, not everybody's.
        with httpx.Client(base_url=self._url, timeout=_PATIENCE_SECONDS) as client:
            while not self._stopping.is_set():
                try:
                    account, body = self._left.popleft()
                except IndexError:
                    return
                self._post(client, account, body)

    def _post(self, client: httpx.Client, account: str, body: bytes) -> None:
        headers = {"Content-Type": "application/json", "X-Hmac-Signature": signature(body)}
        for attempt in itertools.count():
            self.unanswered += attempt > 0
            with suppress(httpx.TransportError):
                answer = client.post(f"/webhooks/easypost/{account}", content=body, headers=headers)
                if answer.is_success:
                    self._note(self.answered, answer.json()["id"])
                    return
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    self._note(self.faults, f"{answer.status_code}: {answer.text[:300]}")
                    return
            if self._stopping.wait(_RETRY_SECONDS):
                return

    def _note(self, where: list[str], what: str) -> None:
        with self._changed:
            where.append(what)
            self._changed.notify_all()
