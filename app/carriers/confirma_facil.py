"""Confirma Fácil: a list with one occurrence of one invoice an entry, as carriers push it to that platform.

Sources read 2026-11-23. Many Brazilian carriers can send this shape already, so the relay takes it in the platform's
place; the credential is one that the customer sets.
"""

from collections.abc import Iterator
from dataclasses import replace

from app.adapter import Adapter, Maturity, Result, each, most_specific
from app.dialects import ocoren
from app.dialects.nfe import invoice_references
from app.model import CarrierEvent, Ignored, Milestone, Moment, Node, Webhook
