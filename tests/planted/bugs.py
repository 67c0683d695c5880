"""Bugs of real kinds, each a few words of the source turned into what somebody could have written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["BUGS", "Bug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """A small change of one file; ``right`` stands in it exactly once."""

    name: str
    file: str
    right: str
    wrong: str

    def plant(self, checkout: Path) -> None:
        """Change a copy of the source; an error when it moved on without this bug."""
        file = checkout / self.file
        text = file.read_text()
        if text.count(self.right) != 1:
            raise ValueError(f"{self.name}: {self.file} has not exactly once: {self.right!r}; write the bug anew")
        file.write_text(text.replace(self.right, self.wrong))


BUGS: Final = (
    Bug(
        name="a settlement does not check its token",
        file="app/store/settling.py",
        right='shipments.c.id == bindparam("of"), shipments.c.lease == bindparam("token")',
        wrong='shipments.c.id == bindparam("of")',
    ),
    Bug(
        name="absence is concluded before the read lag is over",
        file="app/forwarder/outcomes.py",
        right="    read_after = call.now + call.account.read_lag if unsure else None",
        wrong="    read_after = call.now if unsure else None",
    ),
    Bug(
        name="the end of the lease is not looked at before writing",
        file="app/forwarder/service.py",
        right="if now + account.request_timeout + account.read_lag > claim.deadline:",
        wrong="if now > claim.deadline + account.request_timeout * 100:",
    ),
    Bug(
        name="events that arrive during a call make nothing due",
        file="app/store/settling.py",
        right='            "due_at": self.now,\n',
        wrong='            "due_at": None,\n',
    ),
    Bug(
        name="a row that others told is known by its words alone as they were read",
        file="app/forwarder/planning.py",
        right="        if rendered in taken or row.event_id in told:",
        wrong="        if rendered in taken or rendered in work.baseline:",
    ),
    Bug(
        name="unknown counts as not applied",
        file="app/forwarder/outcomes.py",
        right="unsure = call.answered.outcome is Outcome.UNKNOWN and not call.claimed.plan.read",
        wrong="unsure = False",
    ),
    Bug(
        name="unknown counts as applied",
        file="app/forwarder/outcomes.py",
        right="    if outcome is Outcome.APPLIED:",
        wrong="    if outcome in {Outcome.APPLIED, Outcome.UNKNOWN}:",
    ),
    Bug(
        name="an abandoned call is forgotten",
        file="app/store/queue.py",
        right='    if "put" in calls:',
        wrong='    if "nothing" in calls:',
    ),
    Bug(
        name="sent rows are rendered again",
        file="app/forwarder/planning.py",
        right="    if row.frozen is not None:\n        return row.frozen\n",
        wrong="",
    ),
    Bug(
        name="a whole timeline leaves out the rows of others",
        file="app/forwarder/planning.py",
        right="return [*work.baseline, *distinct]",
        wrong="return list(distinct)",
    ),
    Bug(
        name="the call is not committed before it is made",
        file="app/store/queue.py",
        right="attempt_id = _journal(connection, work, planned, call, lease, ids, now)",
        wrong="attempt_id = ids.next()",
    ),
    Bug(
        name="rows go out in order of arrival",
        file="app/forwarder/timeline.py",
        right="return sorted(rows, key=lambda row: (moment(row), row.event_id))",
        wrong="return sorted(rows, key=lambda row: row.event_id)",
    ),
    Bug(
        name="delivered is taken back",
        file="app/forwarder/planning.py",
        right=(
            "    if work.delivered_date is not None:\n"
            "        return work.delivered_date\n"
            "    at = delivered_at(work.rows, work.tracking_numbers)\n"
            "    if at is None and not work.delivered:\n"
        ),
        wrong="    at = delivered_at(work.rows, work.tracking_numbers)\n    if at is None:\n",
    ),
    Bug(
        name="a split loses the rows behind the bad one",
        file="app/forwarder/outcomes.py",
        right="dead_rows=() if several else ((carried[0], words),),",
        wrong="dead_rows=tuple((id_, words) for id_ in carried[1:]) or ((carried[0], words),),",
    ),
    Bug(
        name="a claimed shipment is claimed again on news",
        file="app/store/placing_statements.py",
        right="shipments.c.lease.is_(None) & shipments.c.retrying",
        wrong="shipments.c.retrying",
    ),
    Bug(
        name="a revised row goes out beside the one that it revises",
        file="app/forwarder/planning.py",
        right="        elif earlier[row.event_id] & applied and not whole:",
        wrong="        elif False:",
    ),
    Bug(
        name="a replaced timeline is taken for a kept one",
        file="app/forwarder/learning.py",
        right='    elif all(kept):\n        kind = "kept"',
        wrong='    elif True:\n        kind = "kept"',
    ),
    Bug(
        name="rows of others are forgotten before there is a verdict",
        file="app/forwarder/reading.py",
        right=" or (account.history is History.AUTO and work.learnt.verdict is None)",
        wrong="",
    ),
    Bug(
        name="news makes a dead shipment due",
        file="app/store/placing_statements.py",
        right="(shipments.c.due_at.is_(None) | _WAITS) & shipments.c.dead_reason.is_(None)",
        wrong="(shipments.c.due_at.is_(None) | _WAITS)",
    ),
    Bug(
        name="no read comes before the first write",
        file="app/forwarder/planning.py",
        right="    if account.first_read and work.read_at is None:",
        wrong="    if account.first_read and work.accepted_puts > 99:",
    ),
)
"""The promise that each breaks is one of the machine's; a bug that it does not find is a hole in the machine."""
