"""The composition root: from settings to a running relay."""

from app.main.activation import inherited_sockets
from app.main.configured import accounts_of, adapters_of, hook_keys_of, rules_of, sources_of
from app.main.relay import Relay, relay, utc_now
from app.main.serving import Listener, serve, until_signalled

__all__ = [
    "Listener",
    "Relay",
    "accounts_of",
    "adapters_of",
    "hook_keys_of",
    "inherited_sockets",
    "relay",
    "rules_of",
    "serve",
    "sources_of",
    "until_signalled",
    "utc_now",
]
