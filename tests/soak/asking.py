"""Ask a relay patiently: on a machine with too much to do an answer may be slow, and the relay is not wrong for it."""

import asyncio
import time
from collections.abc import AsyncIterable, Callable
from json import loads
from typing import Any, Final

import httpx

from tests.chaos.processes import RelayFault

__all__ = ["Asking"]

_PATIENCE_SECONDS: Final = 300.0
"""For how long the same thing is asked again."""
_ANSWER_SECONDS: Final = 30.0
"""How long each answer may take until it is asked for again."""
_PROMPT_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.2


class Asking:
    """Asks until there is an answer.

    What is asked again is what may be asked twice. No answer is a fault once patience has ended, or the process has; so
    is any answer that is no success but for a 503 that says when to come again.
    """

    def __init__(
        self,
        url: str,
        token: str,
        demand_life: Callable[[], None],
        *,
        patience: float = _PATIENCE_SECONDS,
        answer_within: float = _ANSWER_SECONDS,
    ) -> None:
        """Ask whoever listens there; ``demand_life`` raises when nobody will any more."""
        self._url = url
        self._token = token
        self._demand_life = demand_life
        self._patience = patience
        self._answer_within = answer_within
        self._begun = 0
        self.slow = 0
        """How many answers were not there in time and were asked for again."""
        self.held_up = 0.0
        """How many seconds answers took beyond what is prompt."""

    async def until(self, is_so: Callable[[Any], bool], otherwise: str, *, within: float) -> None:
        """Wait until it says that something is so; the time that slow answers took does not count."""
        deadline = time.monotonic() + within - self.held_up
        while not is_so(answer := (await self._ask("GET", "/readyz", any_status=True)).json()):
            if time.monotonic() > deadline + self.held_up:
                raise RelayFault(f"{otherwise}: {answer}")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def replay(self, wanted: dict[str, Any], rate: int) -> int:
        """Begin one replay of what is wanted, and return how many webhooks it reads."""
        shown = (await self._ask("POST", "/ops/v1/replays/preview", json=wanted)).json()
        self._begun += 1
        reason = f"soak, the {self._begun}. time"
        asked = {"token": shown["token"], "reason": reason, "rate": rate}
        before = self.slow
        # A preview is run once: whoever asks again is refused when the first time was heard but its answer lost.
        answer = await self._ask("POST", "/ops/v1/replays", json=asked, excused=httpx.codes.CONFLICT)
        if not answer.is_success:
            listed = (await self._ask("GET", "/ops/v1/replays")).json()
            if self.slow == before or reason not in {each["reason"] for each in listed["items"]}:
                raise RelayFault(f"a replay was answered {answer.status_code}: {answer.text[:300]}")
        count = shown["count"]
        assert isinstance(count, int)
        return count

    async def import_csv(self, rows: Callable[[], AsyncIterable[bytes]]) -> None:
        """Import shipments, all of them: importing again what is in already changes nothing."""
        headers = {"Content-Type": "text/csv"}
        deadline = time.monotonic() + self._patience
        while True:
            answer = await self._ask("POST", "/ops/v1/shipments/import", rows=rows, headers=headers)
            # It begins before it is known how it ends.
            last = loads(answer.text.splitlines()[-1])
            if last["kind"] == "summary" and not last["refused"]:
                return
            self.slow += 1
            if last["kind"] == "summary" or time.monotonic() > deadline:
                raise RelayFault(f"an import did not take everything: {last}")

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        rows: Callable[[], AsyncIterable[bytes]] | None = None,
        headers: dict[str, str] | None = None,
        excused: int = 0,
        any_status: bool = False,
    ) -> httpx.Response:
        deadline = time.monotonic() + self._patience
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        # A body that goes on for minutes is answered at its end.
        seconds = self._patience if rows else self._answer_within
        async with httpx.AsyncClient(base_url=self._url, headers=sent, timeout=seconds) as client:
            while True:
                began = time.monotonic()
                try:
                    answer = await client.request(method, path, json=json, content=rows() if rows else None)
                except httpx.TransportError as error:
                    self.slow += 1
                    problem = f"{path} had no answer within {self._patience:g} s: {type(error).__name__} {error}"
                else:
                    if any_status or answer.is_success or answer.status_code == excused:
                        return answer
                    problem = f"{path} was answered {answer.status_code}: {answer.text[:300]}"
                    if not _is_for_later(answer):
                        raise RelayFault(problem)
                finally:
                    self.held_up += max(0.0, time.monotonic() - began - _PROMPT_SECONDS)
                self._demand_life()
                if time.monotonic() > deadline:
                    raise RelayFault(problem)
                await asyncio.sleep(_PAUSE_SECONDS)


def _is_for_later(answer: httpx.Response) -> bool:
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and answer.headers.get("Retry-After", "").isdigit()
