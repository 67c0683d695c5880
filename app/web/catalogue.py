"""Every kind of problem that the relay answers with: what it means, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["CATALOGUE", "ProblemType"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """One kind of problem.

    Args:
        slug: Its name: the last part of the ``type`` of its documents, and the cause in metrics and lists.
        status: The HTTP status that it comes with, unless a carrier demands another.
        title: What it is, in few words.
        meaning: What happened.
        remedy: What to do.

    """

    slug: str
    status: int
    title: str
    meaning: str
    remedy: str


_ALL: Final = (
    ProblemType(
        slug="not-found",
        status=404,
        title="There is nothing here",
        meaning="No webhook is received at this path, or no such thing exists for the token that asked. A path whose "
        "key is wrong or missing is answered exactly like one that was never configured.",
        remedy="Compare the address letter by letter with the one that was given out; carrier-relay carriers brief "
        "prints it.",
    ),
    ProblemType(
        slug="method-not-allowed",
        status=405,
        title="This path does not take that method",
        meaning="The path exists, but not for this HTTP method.",
        remedy="Use a method that the header Allow names.",
    ),
    ProblemType(
        slug="request-timeout",
        status=408,
        title="The body did not arrive in time",
        meaning="The head of the request came, its body did not come completely. Nothing was stored.",
        remedy="Send the request again; look at the network between if it happens often.",
    ),
    ProblemType(
        slug="too-large",
        status=413,
        title="The body is too large",
        meaning="The body is longer than this relay takes. It was refused whole; nothing of it was stored.",
        remedy="Send fewer events in one request, or ask the operator to raise max_body_bytes.",
    ),
    ProblemType(
        slug="too-many-requests",
        status=429,
        title="Too many requests of this address were refused",
        meaning="This address sent many requests that could not be accepted, and is not looked at for a moment. An "
        "address that proved itself within the hour is always looked at.",
        remedy="Find out from the answers before this one why they were refused, and come back after the time that "
        "Retry-After gives. Behind a proxy, the operator must name it in trusted_proxies.",
    ),
    ProblemType(
        slug="unsupported-media-type",
        status=415,
        title="This type of body is not expected here",
        meaning="The Content-Type is none that this carrier sends, or the body is compressed or otherwise encoded.",
        remedy="Send one of the types that the detail names, without a Content-Encoding.",
    ),
    ProblemType(
        slug="missing-credential",
        status=401,
        title="The request carries no credential",
        meaning="The signature, header or token that proves this carrier is not there or is empty.",
        remedy="Switch signing on at the sender, and check that no proxy in between drops the header.",
    ),
    ProblemType(
        slug="wrong-credential",
        status=401,
        title="The credential is not valid",
        meaning="A credential came that no live secret of this source explains.",
        remedy="Compare the secret on both sides; a signature covers the body byte by byte as it was sent. The "
        "operator can ask why with the id of this answer: carrier-relay explain ID.",
    ),
    ProblemType(
        slug="stale-timestamp",
        status=401,
        title="The signed time is too far from now",
        meaning="The signature is valid, but it was made too long ago, or in the future.",
        remedy="Set the sender's clock; sign again when sending again.",
    ),
    ProblemType(
        slug="unverified",
        status=401,
        title="The sender is not proven",
        meaning="The request does not prove that it comes from this carrier.",
        remedy="Compare secret and signing method on both sides.",
    ),
    ProblemType(
        slug="unreadable-credential",
        status=400,
        title="The signed part cannot be read",
        meaning="What this carrier signs has to be taken out of the body first, and that was not possible.",
        remedy="Send the body in the documented form.",
    ),
    ProblemType(
        slug="malformed-notification",
        status=400,
        title="This is no notification of an order",
        meaning="VTEX's order hook tells of an order in JSON that names it, or pings; this body does neither.",
        remedy="Point nothing but VTEX's order hook at this address.",
    ),
    ProblemType(
        slug="unavailable",
        status=503,
        title="The relay cannot do this now",
        meaning="The fault is on this side. Nothing was lost: the request was not accepted.",
        remedy="Send the same request again after the time that Retry-After gives.",
    ),
    ProblemType(
        slug="store-unavailable",
        status=503,
        title="The store cannot be used now",
        meaning="The database did not take or give what was asked. The request was not accepted.",
        remedy="Send the same request again after the time that Retry-After gives. Operators: see /readyz.",
    ),
    ProblemType(
        slug="lookup-failed",
        status=503,
        title="A look-up failed on the way",
        meaning="Something that is needed to decide could not be fetched, so nothing was decided.",
        remedy="Send the same request again after the time that Retry-After gives.",
    ),
    ProblemType(
        slug="unexpected",
        status=503,
        title="Something unexpected happened here",
        meaning="The fault is on this side; it was logged under the id of this answer.",
        remedy="Send the same request again after the time that Retry-After gives; report the id if it happens again.",
    ),
    ProblemType(
        slug="token-needed",
        status=401,
        title="A token is needed",
        meaning="The operators' interface is open to bearers of a token only; none came, or one that is not known.",
        remedy="Send Authorization: Bearer TOKEN; carrier-relay token new makes one.",
    ),
    ProblemType(
        slug="forbidden",
        status=403,
        title="This token may not do that",
        meaning="The token is known, but its role or the accounts that it is limited to do not cover this.",
        remedy="Use a token with the role and the accounts that the detail names.",
    ),
    ProblemType(
        slug="held",
        status=409,
        title="The order is held",
        meaning="Somebody said that the order is disputed: nothing of it is deleted until it is released.",
        remedy="Release it with carrier-relay hold release, once the dispute is over, and ask again.",
    ),
    ProblemType(
        slug="erased",
        status=409,
        title="The order was erased",
        meaning="The order was erased for good at somebody's wish; nothing about it is taken in any more.",
        remedy="Nothing: it is meant so. The audit log says who erased and when, but not what.",
    ),
    ProblemType(
        slug="gone",
        status=410,
        title="The bytes are no longer kept",
        meaning="The record is still here, but the raw body of the webhook has been deleted by retention.",
        remedy="Ask the carrier to send it again.",
    ),
    ProblemType(
        slug="invalid-request",
        status=422,
        title="The request cannot be understood",
        meaning="A parameter or a member of the body is missing, of another type, or out of range.",
        remedy="Put right what the list errors names.",
    ),
    ProblemType(
        slug="unknown-account",
        status=422,
        title="No such account is configured",
        meaning="The account that the request names is not one of this relay's.",
        remedy="Configure the account, or name one that is configured.",
    ),
    ProblemType(
        slug="account-state",
        status=409,
        title="The account's state does not allow that",
        meaning="What was asked for makes sense only in another state of the account; nothing was changed.",
        remedy="Look at the state that the detail names, and do what it says.",
    ),
    ProblemType(
        slug="token-state",
        status=409,
        title="The token cannot be changed so",
        meaning="A token of this name is there already, was taken back for good, or stands in the settings.",
        remedy="Do what the detail says; names of tokens are never given twice, so that the audit log stays plain.",
    ),
    ProblemType(
        slug="subject-state",
        status=409,
        title="These events cannot be linked so",
        meaning="The subject does not wait for a shipment, the shipment cannot be its own, or a link cannot be taken "
        "back any more; nothing was changed.",
        remedy="Look at the subject and its candidates, and do what the detail says.",
    ),
    ProblemType(
        slug="shipment-state",
        status=409,
        title="The shipment's state does not allow that",
        meaning="Only what was given up can be taken up again, and not while a call for it is in flight; nothing was "
        "changed.",
        remedy="Look at the shipment: what is due or idle needs nobody; wait for a call in flight and look again.",
    ),
    ProblemType(
        slug="webhook-state",
        status=409,
        title="The webhook waits for its first reading",
        meaning="Only what was read can be read again: a second reading beside the first one could take its events "
        "for known ones. Nothing was changed.",
        remedy="Wait until its state is another one than stored; it is read by itself, also after calls that failed.",
    ),
    ProblemType(
        slug="replay-state",
        status=409,
        title="The replay's state does not allow that",
        meaning="A preview runs once, within the hour, for who saw it; a replay that was paused, cancelled or done "
        "already cannot be so again. Nothing was changed.",
        remedy="Look at the state that the detail names; preview the replay again where that is wanted.",
    ),
    ProblemType(
        slug="backfill-state",
        status=409,
        title="The backfill's state does not allow that",
        meaning="A backfill that was paused, cancelled or done already cannot be so again; nothing was changed.",
        remedy="Look at the state that the detail names; start another backfill where that is wanted.",
    ),
    ProblemType(
        slug="hook-not-ours",
        status=409,
        title="The order hook is somebody else's",
        meaning="VTEX keeps one order hook for each application key, and the one of this key was not made by this "
        "relay. It was left as it is: another one would silently take its place, and its owner would hear no more.",
        remedy="Give the relay an application key of its own, or have the hook's owner remove it.",
    ),
    ProblemType(
        slug="hook-not-possible",
        status=409,
        title="The order hook cannot be set up so",
        meaning="A setting is missing, the key may not do it, or VTEX did not take the address.",
        remedy="Do what the detail says, and ask again.",
    ),
    ProblemType(
        slug="invoice-number",
        status=422,
        title="VTEX cannot take this invoice number",
        meaning="VTEX puts the invoice number into an address and fails on anything outside A-Z a-z 0-9 . _ and -, "
        "spaces and slashes included, so such a shipment could never be updated.",
        remedy="Invoice the package under another number.",
    ),
    ProblemType(
        slug="malformed-payload",
        status=422,
        title="The webhook cannot be read",
        meaning="The stored bytes are authentic, but the carrier's adapter cannot make sense of them.",
        remedy="Look at the place that the detail names; replay the webhook when the adapter has learnt it.",
    ),
)

CATALOGUE: Final[Mapping[str, ProblemType]] = MappingProxyType({problem.slug: problem for problem in _ALL})
