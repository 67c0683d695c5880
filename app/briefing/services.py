"""Services that track many carriers and push what they find."""

from collections.abc import Mapping
from typing import Final

from app.briefing.facts import ITSELF, WORLDWIDE, Briefing

__all__ = ["SERVICES"]

SERVICES: Final[Mapping[str, Briefing]] = {
    "17track": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("tag given at registration", "carrier's reference numbers"),
        setup=(
            "In the API console under Settings enter the relay's URL as webhook; its test wants 200.",
            "Set the API key (17token) as `secrets`.",
            "Register each number with the VTEX order id as tag.",
        ),
        traps=(
            "The signature is a plain SHA-256 of body, slash and key, not an HMAC.",
            "A changed key takes effect after up to five minutes: keep both in `secrets` meanwhile.",
            "Bodies of version 1 are not read: choose version 2.",
        ),
    ),
    "aftership": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("order number", "order id", "custom fields", "title"),
        setup=(
            "In AfterShip Tracking open Settings > Notifications > Webhooks and add the relay's URL, newest version.",
            "Set the webhook secret of Tracking as `secrets`.",
        ),
        traps=(
            "Each AfterShip product has a secret and a header name of its own: take those of Tracking.",
            "The secret is used as text, not base64-decoded.",
            "It tries 14 times within about three days.",
            "Checkpoint times often lack a zone.",
        ),
    ),
    "easypost": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("tracking number only",),
        setup=(
            "In the dashboard under Webhooks, or with `POST /v2/webhooks`, add the relay's URL with a webhook secret.",
            "Set the same secret as `secrets`.",
        ),
        traps=(
            "Without a webhook secret nothing is signed, and everything is refused.",
            "Weights are written 136.0: a proxy that rewrites JSON drops the .0 and breaks the signature.",
            "An address that keeps failing may be switched off; an update of the webhook switches it on.",
            "Events of all kinds come; only trackers are read.",
            "Times without a complete place may be hours off.",
        ),
    ),
    "easyship": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="milestones",
        references=("platform order number", "company order number"),
        setup=(
            "In the dashboard under Connect > Webhooks add the relay's URL.",
            "Set the webhook's secret (webh_…) as `secrets`.",
        ),
        traps=(
            "The token proves the secret and says nothing about the body.",
            "Only 200 counts.",
            "A changed status comes without a time: the time of arrival counts.",
        ),
    ),
    "karrio": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("metadata that the merchant sets", "order id"),
        setup=(
            "In Karrio under Developers > Webhooks add the relay's URL for tracker_created and tracker_updated.",
            "Set the webhook's secret (whsec_…) as `secrets`.",
        ),
        traps=(
            "X-Event-Id is the secret itself: keep it out of proxies' logs.",
            "There are no retries, and more than five failures in a row switch the webhook off.",
            "Timestamps end in Z and are local.",
        ),
    ),
    "sendcloud": Briefing(
        countries=("AT", "BE", "DE", "ES", "FR", "GB", "IT", "NL"),
        pushes=ITSELF,
        reports="milestones",
        references=("order number", "external order and shipment ids"),
        setup=(
            (
                "In the panel open Settings > Integrations, choose the integration, enable webhooks and enter the"
                " relay's URL."
            ),
            "Set the integration's secret key, or its webhook signature key, as `secrets`.",
        ),
        traps=(
            "A webhook belongs to one integration.",
            "Only the newest status comes; the address in it is the shopper's, not the scan's.",
            "Spaces in the body count for the signature.",
        ),
    ),
    "ship24": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("shipment reference", "client tracker id"),
        setup=(
            "In the dashboard under Integrations > Webhook enter the relay's URL.",
            "Set the webhook secret that Ship24 shows as `secrets`.",
            "Create trackers with the VTEX order id as shipmentReference.",
        ),
        traps=(
            "The address is tried with HEAD before it can be saved.",
            "The body is not signed; the secret is a bearer token.",
            "Several shipments may share a request.",
            "The recipient's city is the destination.",
        ),
    ),
    "shipengine": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("none; a label id at most",),
        setup=(
            "In the dashboard under Developer > Webhooks, production environment, add the relay's URL for Track.",
            "Configure no secret: the relay fetches the published keys; EU accounts set `jwks_url`.",
        ),
        traps=(
            "Webhooks exist in production only.",
            "The signature covers the timestamp header and the body; a proxy must pass the three headers on.",
            "Webhooks of ShipStation V1 are unsigned and carry no tracking.",
        ),
    ),
    "shippo": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("metadata that the merchant sets", "label's transaction id"),
        setup=(
            "In the portal under Settings > API > Webhooks add the relay's URL for track_updated.",
            (
                "Ask Shippo's support for HMAC, which may take ten working days, and set its secret as `secrets`;"
                " until then use a path key."
            ),
        ),
        traps=(
            "It waits 3 s and tries twice more; refusals are final.",
            "A number that is registered twice is reported twice.",
            "The header is called Shippo-Auth-Signature, whatever other pages say.",
            "Bodies with test true are tests.",
        ),
    ),
    "shiprocket": Briefing(
        countries=("IN",),
        pushes=ITSELF,
        reports="scans",
        references=("order id, sometimes with a suffix", "waybill number"),
        setup=(
            "Set an `alias` on the source: the address must contain none of shiprocket, kartrocket, sr, kr.",
            "In the panel open Settings > API > Webhooks, enter the relay's URL and a token.",
            "Set the token as `secrets`.",
        ),
        traps=(
            "Only 200 counts, also for the panel's test call.",
            "Two time formats are in use, both without a zone; they are read as India's (unconfirmed).",
        ),
    ),
    "trackingmore": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("order number", "order id", "title", "note"),
        setup=(
            "In the panel under Developer > Webhook add the relay's URL, path key included, and choose the statuses.",
            "Set the webhook secret as `secrets`.",
        ),
        traps=(
            "Only the timestamp is signed, so a path key should protect the body's sender.",
            "The names of the signature's headers are unconfirmed: set `header` if yours differ.",
            "Its word pickup means out for delivery or ready for pickup.",
            "It tries 14 times, doubling from 30 s.",
        ),
    ),
}
