"""Take shipments in as they arrive: chunk by chunk, each committed whole, never further ahead than the store."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from time import monotonic
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.errors import RelayError
from app.store import AuditImport, Imported, ImportShipments, IndexedShipment
from app.telemetry import log_event
from app.web.dependencies import Dependencies
from app.web.importing.columns import COLUMNS, canonical, nearest_column, shipment_of
from app.web.importing.records import BadRecord, CsvRecords, JsonRecords, Lines, Record
from app.web.importing.reports import Reports

__all__ = ["Import"]

CHUNK_ROWS: Final = 100
"""Rows to a transaction: webhooks that arrive meanwhile wait for it to end."""
CHUNK_NUMBERS: Final = 400
_PROGRESS_ROWS: Final = 5_000
_LOGGER: Final = logging.getLogger(__name__)
_AGAIN: Final = "import the same file again: what is in stays as it is"


class Import:
    """One import; `begin` looks at its first line, `run` takes the rest."""

    def __init__(
        self, given: Dependencies, *, actor: str, accounts: tuple[str, ...] | None, account: str | None, is_csv: bool
    ) -> None:
        """Import on behalf of ``actor``, who may write to ``accounts``; rows that name no account mean ``account``."""
        self._given = given
        self._actor = actor
        self._allowed = given.accounts if accounts is None else given.accounts & set(accounts)
        self._account = account
        self._records: CsvRecords | JsonRecords = CsvRecords() if is_csv else JsonRecords()
        self._lines = Lines()
        self._first: list[tuple[int, str] | BadRecord] = []
        self._chunk: list[IndexedShipment] = []
        self._chunk_numbers = 0
        self._line = 0
        self._counts = {"line": 0, "rows": 0, "created": 0, "known": 0, "woken": 0}
        self._id = given.store.ids.next()
        self._started = monotonic()
        self.reports = Reports()

    async def begin(self, body: AsyncIterator[bytes]) -> None:
        """Read the names of the columns.

        Raises:
            BadRecord: There are none, or one of them is not known.

        """
        if not isinstance(self._records, CsvRecords):
            return
        async for chunk in body:
            self._first += self._lines.feed(chunk)
            if self._first:
                break
        else:
            self._first += self._lines.finish()
        if not self._first:
            raise BadRecord(
                1, "", "there is nothing to import", f"write the columns' names first: {', '.join(COLUMNS)}"
            )
        head = self._first.pop(0)
        if isinstance(head, BadRecord):
            raise head
        self._records.names = self._columns(self._records.head(head[1]))

    def _columns(self, written: Any) -> tuple[str, ...]:  # noqa: ANN401 - a list of texts
        names = tuple(canonical(name) for name in written)
        for name, shown in zip(names, written, strict=True):
            if name not in COLUMNS:
                raise BadRecord(1, shown[:64], "is no column of an import", nearest_column(shown))
            if names.count(name) > 1:
                raise BadRecord(1, name, "is there twice", "leave one of the columns out")
        needed = ("order_id", "invoice_number", *(() if self._account else ("account",)))
        for name in needed:
            if name not in names:
                raise BadRecord(1, name, "is missing from the first line", "add the column")
        return names

    async def run(self, body: AsyncIterator[bytes]) -> None:
        """Take everything in, and report until the end."""
        try:
            await self._audit("shipments.import-started", {"account": self._account})
            await self._take(self._first)
            async for chunk in body:
                await self._take(self._lines.feed(chunk))
            await self._take(self._lines.finish())
            await self._add(self._records.finish())
            await self._commit()
            await self._audit("shipments.imported", self._told())
            self.reports.end("summary", self._told())
        except RelayError as error:
            self._stopped(error.reason, str(error))
        except HTTPException as error:
            self._stopped("request-timeout", str(error.detail))
        except ClientDisconnect:
            self._stopped("disconnected", "the sender went away")
        except asyncio.CancelledError:
            self._stopped("unavailable", "the relay stops")
            raise
        except Exception as error:  # noqa: BLE001 - the answer has begun, and must say that it ended
            log_event(_LOGGER, "web.unexpected", level=logging.ERROR, error=error, path="/ops/v1/shipments/import")
            self._stopped("unexpected", "the relay failed unexpectedly, and logged why")

    def _told(self) -> dict[str, Any]:
        refused = {"refused": self.reports.bad, "unreported": self.reports.unreported}
        return {**self._counts, **refused, "seconds": round(monotonic() - self._started, 3)}

    def _stopped(self, reason: str, detail: str) -> None:
        self.reports.end("stopped", {**self._told(), "reason": reason, "detail": detail, "advice": _AGAIN})

    async def _audit(self, action: str, detail: Mapping[str, Any]) -> None:
        store = self._given.store
        written = {name: value for name, value in detail.items() if name != "seconds"}
        await store.write(
            AuditImport(
                import_id=self._id,
                actor=self._actor,
                action=action,
                detail=written,
                ids=store.ids,
                now=self._given.now(),
            )
        )

    async def _take(self, lines: Any) -> None:  # noqa: ANN401 - an iterable of lines or bad ones
        for line in lines:
            if isinstance(line, BadRecord):
                self.reports.bad_record(line)
            else:
                await self._add(self._records.feed(*line))

    async def _add(self, records: Iterator[Record | BadRecord]) -> None:
        for record in records:
            try:
                self._hold(record)
            except BadRecord as bad:
                self.reports.bad_record(bad)
            if len(self._chunk) >= CHUNK_ROWS or self._chunk_numbers >= CHUNK_NUMBERS:
                await self._commit()

    def _hold(self, record: Record | BadRecord) -> None:
        if isinstance(record, BadRecord):
            raise record
        for name in record.values:
            if name not in COLUMNS:
                raise BadRecord(record.line, name[:64], "is no field of an import", nearest_column(name))
        row = shipment_of(record.line, record.values, self._account)
        if row.account not in self._allowed:
            what = "no account of this name is configured, or the token may not write to it"
            raise BadRecord(record.line, "account", what, "name one that is, or use a token that may")
        self._line = record.line
        self._chunk_numbers += len(row.tracking_numbers)
        self._chunk.append(
            IndexedShipment(
                account=row.account,
                order_id=row.order_id,
                invoice_number=row.invoice_number,
                tracking_numbers=tuple(row.tracking_numbers),
                invoice_key=row.invoice_key,
                courier=row.courier,
                invoiced_at=row.invoiced_at,
            )
        )

    async def _commit(self) -> None:
        """Commit what is held, in as many transactions as the store takes for it."""
        given = self._given
        while self._chunk:
            taken: Imported = await given.store.write(
                ImportShipments(
                    shipments=tuple(self._chunk),
                    resolve=given.resolve,
                    members=given.members,
                    ids=given.store.ids,
                    now=given.now(),
                )
            )
            del self._chunk[: taken.done]
            before = self._counts["rows"]
            self._counts["rows"] += taken.done
            self._counts["created"] += taken.created
            self._counts["known"] += taken.done - taken.created
            self._counts["woken"] += taken.woken
            if taken.woken:
                given.wake()
            if before // _PROGRESS_ROWS != self._counts["rows"] // _PROGRESS_ROWS:
                self.reports.progress(self._told())
        self._chunk_numbers = 0
        self._counts["line"] = self._line
