"""The composition root: from settings to a running relay."""

from typing import TYPE_CHECKING

from app.exports import late_names
from app.main.relay import Door, opened, relay, utc_now
from app.main.serving import Listener, serve, until_signalled

if TYPE_CHECKING:
    from app.main.activation import inherited_sockets
    from app.main.behind import Relay
    from app.main.configured import adapters_of, hook_keys_of, rules_of, sources_of
    from app.main.operating import accounts_of

__all__ = [
    "Door",
    "Listener",
    "Relay",
    "accounts_of",
    "adapters_of",
    "hook_keys_of",
    "inherited_sockets",
    "opened",
    "relay",
    "rules_of",
    "serve",
    "sources_of",
    "until_signalled",
    "utc_now",
]

if not TYPE_CHECKING:
    __getattr__ = late_names(
        __name__,
        {
            "activation": "inherited_sockets",
            "behind": "Relay",
            "configured": "adapters_of hook_keys_of rules_of sources_of",
            "operating": "accounts_of",
        },
    )
