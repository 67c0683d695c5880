"""Every error that carrier-relay raises on purpose.

::

    RelayError
    ├── ConfigurationError          the start is refused; names the setting
    ├── Unverified                  a webhook's sender is not proven            401
    │   ├── MissingCredential
    │   ├── WrongCredential
    │   ├── StaleTimestamp
    │   └── UnreadableCredential    verification itself had to parse, and could not   400
    ├── KeyNeeded                   verification wants a public key that is not cached
    ├── MalformedPayload            an authentic webhook that cannot be read
    ├── NotYetRead                  a webhook that waits for its first reading
    ├── Unavailable                 our own fault, try again later              503
    │   ├── StoreUnavailable
    │   └── LookupFailed            a look-up failed, which is not "found nothing"
    ├── HookNotOurs                 VTEX's order hook is somebody else's: it is left alone   409
    ├── HookNotPossible             VTEX's order hook cannot be set up so                    409
    ├── Erased                      what was erased is not taken in any more              409
    ├── OrdersHeld                  an account is not erased while orders of it are held  409
    ├── StoreBusy                   another process owns the database
    ├── EgressRefused               an address that the relay must not call
    └── CallFailed                  an outgoing call ended without an answer

``reason`` is a short word from a closed set: it labels metrics and is the slug of the problem document.
``retryable`` says whether the same input may succeed later without a person.
"""

from typing import ClassVar

__all__ = [
    "CallFailed",
    "ConfigurationError",
    "Erased",
    "HookNotOurs",
    "HookNotPossible",
    "KeyNeeded",
    "LookupFailed",
    "MalformedPayload",
    "MissingCredential",
    "NotYetRead",
    "OrdersHeld",
    "RelayError",
    "StaleTimestamp",
    "StoreBusy",
    "StoreUnavailable",
    "Unavailable",
    "UnreadableCredential",
    "Unverified",
    "WrongCredential",
]


class RelayError(Exception):
    """Be the root of all errors raised on purpose."""

    reason: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


class ConfigurationError(RelayError):
    """Refuse to start: a setting is missing, unknown or contradictory."""

    reason = "configuration"

    def __init__(self, *problems: str) -> None:
        """Keep each problem as a sentence that names its setting."""
        super().__init__("\n".join(problems))
        self.problems = problems


class Unverified(RelayError):
    """The sender of a webhook could not be proven; nothing of it is stored as a webhook."""

    reason = "unverified"


class MissingCredential(Unverified):
    """The request lacks the header, parameter or secret that its scheme needs."""

    reason = "missing-credential"


class WrongCredential(Unverified):
    """The request carries a credential that no live secret explains."""

    reason = "wrong-credential"


class StaleTimestamp(Unverified):
    """The signed time lies too far from now."""

    reason = "stale-timestamp"


class UnreadableCredential(Unverified):
    """The signed part of the request could not be extracted."""

    reason = "unreadable-credential"


class KeyNeeded(RelayError):
    """Verification wants the public key ``key_id`` of ``jwks_url``, which is not cached."""

    reason = "key-needed"
    retryable = True

    def __init__(self, jwks_url: str, key_id: str) -> None:
        """Name the key set and the key."""
        super().__init__(f"key {key_id!r} of {jwks_url} is not cached")
        self.jwks_url = jwks_url
        self.key_id = key_id


class MalformedPayload(RelayError):
    """An authentic webhook cannot be read; ``path`` says where."""

    reason = "malformed-payload"

    def __init__(self, path: str, problem: str) -> None:
        """Name the place (``$.packages[0].code``) and what is wrong there (``is missing``)."""
        super().__init__(f"{path} {problem}")
        self.path = path
        self.problem = problem


class NotYetRead(RelayError):
    """A webhook cannot be read again before it was read: its first reading is on its way."""

    reason = "webhook-state"
    retryable = True


class Unavailable(RelayError):
    """The relay itself cannot do its work now; callers are asked to come back."""

    reason = "unavailable"
    retryable = True


class StoreUnavailable(Unavailable):
    """The database did not take or give what was asked."""

    reason = "store-unavailable"


class LookupFailed(Unavailable):
    """A look-up that verification or resolution needs failed on the way."""

    reason = "lookup-failed"


class HookNotOurs(RelayError):
    """VTEX's order hook of an application key is somebody else's; it is never touched."""

    reason = "hook-not-ours"


class HookNotPossible(RelayError):
    """VTEX's order hook cannot be set up or removed as things are; a person has to change something."""

    reason = "hook-not-possible"


class Erased(RelayError):
    """What is to be taken in was erased by somebody's wish."""

    reason = "erased"


class OrdersHeld(RelayError):
    """Orders of an account that is to be erased are held; ``orders`` names the first of them."""

    reason = "held"

    def __init__(self, orders: tuple[str, ...]) -> None:
        """Name them."""
        super().__init__(f"orders are held: {', '.join(orders)}")
        self.orders = orders


class StoreBusy(RelayError):
    """Another process owns the database file."""

    reason = "store-busy"
    retryable = True


class EgressRefused(RelayError):
    """The address of an outgoing call is not allowed."""

    reason = "egress-refused"


class CallFailed(RelayError):
    """An outgoing call ended without a complete answer; whether it took effect is unknown."""

    reason = "call-failed"
    retryable = True
