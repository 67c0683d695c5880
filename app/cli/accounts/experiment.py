"""Carry out the writes of ``accounts learn`` one by one, and read the order after each."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.account import Account
from app.cli.accounts.writes import Write
from app.forwarder.reading import package_of
from app.vtex import Answered, Client, Outcome, Package, TimelineRow

__all__ = ["Experiment", "Interrupted", "Step"]

_OF_THE_ACCOUNT: Final = frozenset({Outcome.UNAUTHORISED, Outcome.FORBIDDEN, Outcome.NOT_APPLIED, Outcome.MISSING})
_LOOKS: Final = 4
"""How often the order is read after a write until it shows it; each time the wait is one lag longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One write, VTEX's answer, and what the order showed afterwards.

    Args:
        write: What was sent.
        at: When.
        answered: VTEX's answer.
        shown_after: How long after the answer the order was read that showed the row; None when none did.
        package: The package as it was read last.

    """

    write: Write
    at: datetime
    answered: Answered
    shown_after: timedelta | None
    package: Package

    @property
    def is_accepted(self) -> bool:
        """Tell whether VTEX took it."""
        return self.answered.outcome is Outcome.APPLIED

    def rows(self, words: str) -> list[TimelineRow]:
        """Return the rows with a description."""
        return [row for row in self.package.rows if row.description.strip() == words]


class Interrupted(Exception):
    """The experiment cannot go on; what was found out until then stands."""


class Experiment:
    """One run on one package."""

    def __init__(
        self,
        client: Client,
        account: Account,
        order_id: str,
        invoice_number: str,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Write to a package through ``client``."""
        self._client = client
        self._account = account
        self._order_id = order_id
        self._invoice_number = invoice_number
        self._now = now
        self._sleep = sleep
        self.steps: list[Step] = []

    async def run(self, writes: Sequence[Write], say: Callable[[str], None]) -> None:
        """Make every write, and keep what came of it in ``steps``.

        Raises:
            Interrupted: VTEX cannot be called, or refuses what everything hangs on.

        """
        for number, write in enumerate(writes, 1):
            at = self._now()
            answered = await self._client.put_tracking(self._order_id, self._invoice_number, dict(write.body))
            ended = self._now()
            say(f"{number:>2}/{len(writes)} PUT {write.title}: {_answer(answered)}")
            if not _may_go_on(write, answered):
                raise Interrupted(f"VTEX did not take {write.title}: {_answer(answered)}")
            shown_after, package = await self._look(write, ended, is_awaited=answered.outcome is Outcome.APPLIED)
            self.steps.append(Step(write=write, at=at, answered=answered, shown_after=shown_after, package=package))
            if write.must_be_shown and shown_after is None:
                waited = (self._now() - ended).total_seconds()
                raise Interrupted(
                    f"VTEX took {write.title} and did not show it within {waited:.0f} s: raise read_lag_seconds if it"
                    " is late, or see whether the package has a tracking number"
                )

    async def _look(self, write: Write, ended: datetime, *, is_awaited: bool) -> tuple[timedelta | None, Package]:
        """Read the order until it shows a row, for some time; what VTEX refused is looked for once.

        Never sooner than the slowest write so far was shown: what was there before is there in an older state, too.
        """
        shown = [step.shown_after for step in self.steps if step.shown_after is not None]
        lag = max([self._account.read_lag, *shown]).total_seconds()
        look = 0
        while True:
            look += 1
            await self._sleep(lag * look)
            started = self._now()
            package = await self.read()
            if any(row.description.strip() == write.words for row in package.rows):
                return started - ended, package
            if not is_awaited or look == _LOOKS:
                return None, package

    async def read(self) -> Package:
        """Read the package.

        Raises:
            Interrupted: It cannot be read, or is not there.

        """
        answered = await self._client.get_order(self._order_id)
        if answered.order is None:
            raise Interrupted(f"the order {self._order_id} cannot be read: {_answer(answered)}")
        package = package_of(answered.order, self._invoice_number)
        if package is None:
            there = [each.invoice_number for each in answered.order.packages if each.is_output]
            has = f"it has {', '.join(there)}" if there else "it has none"
            raise Interrupted(f"the order {self._order_id} has no sales invoice {self._invoice_number}; {has}")
        return package


def _may_go_on(write: Write, answered: Answered) -> bool:
    """Tell whether more can be found out after an answer: a refused date is a finding, a refused key is not."""
    if answered.outcome is Outcome.APPLIED:
        return True
    return not write.is_needed and answered.status is not None and answered.outcome not in _OF_THE_ACCOUNT


def _answer(answered: Answered) -> str:
    """Write how a call ended."""
    status = "no answer" if answered.status is None else str(answered.status)
    return f"{status} {answered.detail}" if answered.detail else status
