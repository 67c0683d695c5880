"""Carriers of other parts of the world."""

from collections.abc import Mapping
from typing import Final

from app.briefing.facts import ITSELF, WORLDWIDE, Briefing

__all__ = ["CARRIERS"]

CARRIERS: Final[Mapping[str, Briefing]] = {
    "delhivery": Briefing(
        countries=("IN",),
        pushes=ITSELF,
        reports="scans",
        references=("merchant's order number (ReferenceNo)", "waybill number"),
        setup=(
            "Fill in Delhivery's webhook requirement form: the relay's URL, header and its value, networks to allow.",
            "Set the header's value as `secrets`; allow a working week.",
        ),
        traps=(
            "The form asks for answers within 500 ms.",
            "Field names can be negotiated: ask for the standard ones.",
            "Times are India's without a zone; DL with RTO or DTO is a parcel back at the sender.",
        ),
    ),
    "dhl": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("references of the shipment", "tracking number"),
        setup=(
            "Get an API key for Shipment Tracking - Unified Push.",
            "Subscribe with the relay's URL and hook.authentication: header X-Relay-DHL-Token and a long token.",
            "Set `secrets` to the API key first, then that token: the relay confirms the subscription with the key.",
        ),
        traps=(
            "A subscription that names no header is not authenticated.",
            "Ten shipments at most for each subscription; one by account also reports shipments that are not yours.",
            "The divisions write different bodies; out for delivery and returns are told by words only.",
            "Times may lack a zone.",
        ),
    ),
    "dhl-ecommerce-americas": Briefing(
        countries=("US",),
        pushes=ITSELF,
        reports="scans",
        references=("package id",),
        setup=("Register the relay's URL as permanent webhook of the pickup account.",),
        traps=(
            "Only 200 within 5 s counts; it tries again after one hour and after six more, then never.",
            "Ten thousand failures in a row switch the webhook off.",
            "How it proves itself and its field names are unconfirmed.",
        ),
    ),
    "fedex": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("customer reference", "invoice", "purchase order"),
        setup=(
            (
                "In the developer portal create an Advanced Integrated Visibility project and subscribe your account"
                " or tracking numbers."
            ),
            "Enter the relay's URL and a security token; set the token as `secrets`.",
            "Set `networks` to 20.65.16.22/31, the range that FedEx names.",
        ),
        traps=(
            "The address has at most 200 characters and a public host name.",
            "Every tracking number is paid for.",
            "Events come in any order; retries and time-outs are undocumented.",
        ),
    ),
    "ninjavan": Briefing(
        countries=("ID", "MY", "PH", "SG", "TH", "VN"),
        pushes=ITSELF,
        reports="scans",
        references=("shipper's order reference", "tracking id"),
        setup=("In Ninja Dashboard add the relay's URL for each event.", "Set the API client secret as `secrets`."),
        traps=(
            "Known from public receivers only (unconfirmed).",
            "A parcel on its way back has is_parcel_on_rts_leg true, whatever its status says.",
        ),
    ),
    "ups": Briefing(
        countries=WORLDWIDE,
        pushes=ITSELF,
        reports="scans",
        references=("tracking number only",),
        setup=(
            "Subscribe each tracking number, or the account, through Track Alert with the relay's URL.",
            (
                "For version 1 name a secret as credential; for version 2 enter the credentials under Manage Webhook"
                " Credentials."
            ),
            (
                "For a token of version 2 give `/oauth/ups/<account>/token` as token URL and a client id and secret;"
                ' set them as `secrets = ["client-id:client-secret"]`. Otherwise set the same value as `secrets`.'
            ),
        ),
        traps=(
            "A subscription of a number ends after 14 days: renew it.",
            "Nothing signs the body.",
            "One event comes at a time, never the history.",
            "Type D is the delivery phase, not a delivery.",
            "Photos can make a body several megabytes long.",
        ),
    ),
    "usps": Briefing(
        countries=("US",),
        pushes=ITSELF,
        reports="scans",
        references=("tracking number only",),
        setup=(
            (
                "Subscribe through Subscriptions-Tracking v3 with the relay's URL as listenerURL and a secret of"
                " 32 characters."
            ),
            "Set the same secret as `secrets`.",
        ),
        traps=(
            "payload is JSON inside a string; the signature covers timestamp and the decoded string.",
            "Known second-hand: retries and switching off are unconfirmed.",
            "A missing country means the United States.",
        ),
    ),
}
