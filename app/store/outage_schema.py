"""The tables of when webhooks could not be taken, which were not, and what operators were told of."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from app.store.columns import Instant, id_column
from app.store.schema import metadata

__all__ = ["alarms", "presences", "turned_away"]

presences = Table(
    "presences",
    metadata,
    id_column(),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False, comment="when the process was last seen able to take webhooks"),
    Column("ended", Text, comment="stopped, suspended; null of one that goes on or vanished"),
    Index("ix_presences_until", "until"),
    comment="when a process could take webhooks; what no row covers is a gap",
)

turned_away = Table(
    "turned_away",
    metadata,
    id_column(),
    Column("owner", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="refused, failed"),
    Column("cause", Text, nullable=False, comment="of the latest: the slug of its problem, or disk"),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False, comment="when the latest was turned away"),
    Column("count", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False, comment="webhooks of the source that were taken in between"),
    Column("is_over", Boolean, nullable=False, comment="whether one was taken since the latest"),
    Index("ix_turned_away_until", "until"),
    comment="requests of a source that were refused or failed, as spans of time that a process saw",
)

alarms = Table(
    "alarms",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True, comment="the account or source; empty for the relay"),
    Column("id", BigInteger, nullable=False),
    Column("since", Instant, nullable=False),
    comment="what alert_url was told of, and has not ended",
)
