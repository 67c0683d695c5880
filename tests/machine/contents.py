"""What the machine's database holds, and how it is emptied."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from app.store.schema import metadata, rows, shipments


@dataclass(frozen=True)
class Found:
    """What the database holds."""

    shipments: list[Any]
    open_rows: set[int]

    @classmethod
    def look(cls, connection: Connection) -> "Found":
        open_ = select(rows.c.shipment_id).where(rows.c.state.in_(("pending", "sent")))
        return cls(
            shipments=list(connection.execute(select(shipments))), open_rows=set(connection.execute(open_).scalars())
        )


class Empty:
    """Forget everything, which is quicker than a new database."""

    def run(self, connection: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
