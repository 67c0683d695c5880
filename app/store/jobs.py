"""Jobs that go on for long, and what people may do with them: pause, resume and cancel them."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, update

from app.store.auditing import Audited

__all__ = ["JobChange"]

_BEFORE: Final = {"pause": ("running",), "resume": ("paused",), "cancel": ("running", "paused")}
_AFTER: Final = {"pause": "paused", "resume": "running", "cancel": "cancelled"}
_DONE: Final = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChange(Audited):
    """Pause, resume or cancel a job, as a person wishes.

    Args:
        id: The job's.
        change: ``pause``, ``resume`` or ``cancel``.

    """

    id: int
    change: str

    def apply(self, connection: Connection, jobs: Table, **also: ColumnElement[Any]) -> bool:
        """Change the job's row, and set ``also`` in it, if it is in a state for that; tell whether it was."""
        after = _AFTER[self.change]
        changed = connection.execute(
            update(jobs)
            .where(jobs.c.id == self.id, jobs.c.state.in_(_BEFORE[self.change]))
            .values(state=after, problem=None, ended_at=self.now if after == "cancelled" else None, **also)
        )
        return bool(changed.rowcount)

    @property
    def done(self) -> str:
        """Return what was done, as the audit log says it: ``paused``, ``resumed`` or ``cancelled``."""
        return _DONE[self.change]
