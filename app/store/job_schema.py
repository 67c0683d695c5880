"""The tables of what the relay does by itself: which process does it, and how far it has come."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

from app.store.columns import JSON, Instant, id_column, partial_index
from app.store.schema import metadata

__all__ = ["backfills", "duties", "order_hooks", "replays"]

_SWEEP = "kind = 'sweep'"

duties = Table(
    "duties",
    metadata,
    Column("name", Text, primary_key=True, comment="periodic work that one process does for all"),
    Column("holder", Text, nullable=False, comment="the process; empty when it was given up"),
    Column(
        "beat", BigInteger, nullable=False, comment="counts takings and renewals; while it stands still, so do they"
    ),
    Column("renewed_at", Instant, nullable=False, comment="by the holder's clock, for people only"),
)

order_hooks = Table(
    "order_hooks",
    metadata,
    Column("account", Text, primary_key=True),
    Column("state", Text, comment="what was last found at VTEX: none, ours, differs, foreign, unknown"),
    Column("url", Text, comment="where the hook that was found leads, without credentials"),
    Column("problem", Text, comment="what is wrong with it, or why that is not known"),
    Column("checked_at", Instant),
    Column(
        "kept_url",
        Text,
        comment="where this relay's own hook leads; it is made again when VTEX deletes it; empty: it was removed",
    ),
    Column("restored_at", Instant, comment="when it was last made again"),
    Column("stranger", Text, comment="an account of another name that notifications with the right key were about"),
    Column("stranger_at", Instant),
    comment="VTEX's order hook of each account",
)

backfills = Table(
    "backfills",
    metadata,
    id_column(),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="asked: by a person; sweep: by the relay, one row per account"),
    Column("state", Text, nullable=False, comment="running, paused, done, cancelled"),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("rate", Float, comment="most orders told per second; null for as fast as the account's limits allow"),
    Column("slices", JSON, nullable=False, comment="spans of time still to be listed, the next one last"),
    Column("step", Integer, nullable=False, server_default="0", comment="guards against a second process"),
    Column("tail_since", Instant, comment="the end is listed again from here, once the list has caught up"),
    Column("resume_at", Instant, comment="nothing is listed before"),
    Column("expected", Integer, comment="how many orders VTEX said there are"),
    Column("told", Integer, nullable=False, server_default="0"),
    Column("listed", Integer, nullable=False, server_default="0", comment="told by pages of the slice at hand"),
    Column("unlisted", Integer, nullable=False, server_default="0", comment="counted by VTEX but not shown"),
    Column("problem", Text, comment="why it does not get on"),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index("ix_backfills_account", "account", "id"),
    partial_index("ix_backfills_running", "account", "id", where="state = 'running'"),
    partial_index("ix_backfills_sweep", "account", unique=True, where=_SWEEP),
    comment="looking back over an account's orders",
)

replays = Table(
    "replays",
    metadata,
    id_column(),
    Column("token", Text, nullable=False, comment="what the preview gave out: whoever has it saw what it showed"),
    Column("state", Text, nullable=False, comment="previewed, running, paused, done, cancelled"),
    Column("wanted", JSON, nullable=False, comment="which webhooks, with the accounts that its maker may see"),
    Column("upto", BigInteger, nullable=False, comment="the latest webhook that there was at the preview"),
    Column("position", BigInteger, nullable=False, server_default="0", comment="the last webhook that was read"),
    Column("expected", Integer, nullable=False, comment="how many there were at the preview, at most as many as asked"),
    Column("most", Integer, comment="how many are read at most"),
    Column("rate", Float, comment="most webhooks read per second"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("new_events", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0", comment="events that were read differently"),
    Column("failures", JSON, nullable=False, server_default="[]", comment="the first that failed, with the reason"),
    Column("problem", Text, comment="why it does not get on"),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    partial_index("ix_replays_running", "id", where="state = 'running'"),
    comment="reading many webhooks again",
)
