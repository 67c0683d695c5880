"""Import of shipments: from a stream of CSV or NDJSON to the store, with a report of every row that is wrong."""

from app.web.importing.columns import COLUMNS
from app.web.importing.records import BadRecord, CsvRecords, JsonRecords, Record
from app.web.importing.reports import Reports
from app.web.importing.service import Import

__all__ = ["COLUMNS", "BadRecord", "CsvRecords", "Import", "JsonRecords", "Record", "Reports"]
