"""What `serve` shows when no account is configured: a store of its own, its carriers, and their webhooks relayed.

Everything goes over real HTTP, as with a real store: shipments are registered with the operators' interface, samples
are signed and posted, and what the shopper sees is read from the bundled VTEX. Nothing of it outlives the process.
"""

from app.cli.demo.facts import DemoFacts, read_facts
from app.cli.demo.scene import demonstrate

__all__ = ["DemoFacts", "demonstrate", "read_facts"]
