"""Every table that there is, for whoever goes through all of them: each of these modules declares some."""

from app.store import (
    access_schema,
    cluster_schema,
    console_schema,
    job_schema,
    order_schema,
    outage_schema,
    privacy_schema,
)
from app.store.schema import metadata

__all__ = [
    "access_schema",
    "cluster_schema",
    "console_schema",
    "job_schema",
    "metadata",
    "order_schema",
    "outage_schema",
    "privacy_schema",
]
