"""From VTEX's orders to the index: those that parked events name, and those that VTEX tells of."""

from app.indexing.asking import Asking
from app.indexing.lookups import Indexer
from app.indexing.reader import OrderReader

__all__ = ["Asking", "Indexer", "OrderReader"]
