"""Every outgoing call passes here: time-outs, a cap on answers, verified TLS, no redirects.

The one user of the HTTP client's types, and the one that opens connections.
"""

import app.egress.library  # noqa: F401 - before anything imports the client

# isort: split
from app.egress.calls import Egress, Reply
from app.egress.dialling import Resolve, resolve
from app.egress.guard import guarded

__all__ = ["Egress", "Reply", "Resolve", "guarded", "resolve"]
