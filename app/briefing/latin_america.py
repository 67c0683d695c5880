"""Carriers and services of Latin America outside Brazil, or in several of its countries."""

from collections.abc import Mapping
from typing import Final

from app.briefing.facts import ITSELF, Briefing

__all__ = ["LATIN_AMERICA"]

LATIN_AMERICA: Final[Mapping[str, Briefing]] = {
    "99minutos": Briefing(
        countries=("CL", "CO", "MX", "PE"),
        pushes=ITSELF,
        reports="scans",
        references=("merchant's own key (InternalKey)", "tracking id"),
        setup=(
            "Register the relay's URL with `POST /api/v3/webhooks`; two registrations are allowed.",
            (
                "Add an Authorization header there if it offers one (unconfirmed) and set it as `secrets`;"
                " otherwise configure a path key."
            ),
        ),
        traps=(
            "Times look local and are UTC.",
            "How it proves itself, which answers it wants and how often it retries is undocumented.",
        ),
    ),
    "andreani": Briefing(
        countries=("AR",),
        pushes=ITSELF,
        reports="scans",
        references=("shipment number",),
        setup=("Ask your Andreani contact whether webhooks exist for your contract, and send this briefing along.",),
        traps=(
            "Whether Andreani pushes at all is unconfirmed; public receivers contradict each other.",
            "The second version of its query lacks the delivered event.",
        ),
    ),
    "blue-express": Briefing(
        countries=("CL",),
        pushes=ITSELF,
        reports="milestones",
        references=("order id", "service order number"),
        setup=("Ask your Blue Express contact for a webhook, and agree on a value for the header X-BlueX-Secret.",),
        traps=("Known from one shop's receiver only: header, fields and words are unconfirmed.",),
    ),
    "coordinadora": Briefing(
        countries=("CO",),
        pushes=ITSELF,
        reports="scans",
        references=("shipper's reference", "11-digit guide number"),
        setup=(
            "Ask Coordinadora to register the relay's URL, path key included, for tracking, novedades and soluciones.",
            "Ask for the networks that it sends from, and set them as `networks`.",
        ),
        traps=(
            "Nothing is signed: path key and networks are all there is.",
            "Tracking comes as base64 in a Google Pub/Sub envelope, incidents as plain JSON.",
            "Tracking times are Bogotá's without a zone, those of incidents UTC.",
            "Any answer but 2xx is sent again and again, in no order.",
            "One guide may be about several orders.",
        ),
    ),
    "envia": Briefing(
        countries=("AR", "BR", "CL", "CO", "ES", "MX"),
        pushes=ITSELF,
        reports="milestones",
        references=("tracking number", "reference, in one of three shapes"),
        setup=(
            (
                "Register the relay's URL with `POST /webhooks` of the Queries API, or in the panel, for"
                " onShipmentStatusUpdate."
            ),
            "Set the token or signing secret that it shows as `secrets`.",
        ),
        traps=(
            "Three shapes are in use, most of them without a time: then the time of arrival counts.",
            "The names of the headers beside the signature are unconfirmed.",
            "Status words are free text in English or Spanish.",
        ),
    ),
    "lalamove": Briefing(
        countries=("BR", "MX", "HK", "ID", "MY", "PH", "SG", "TH", "TW", "VN"),
        pushes=ITSELF,
        reports="milestones",
        references=("Lalamove's order id only",),
        setup=(
            "In the partner portal, or with `PATCH /v3/webhook`, register the relay's URL for each market.",
            "Set `apiKey:apiSecret` as `secrets`.",
            "If a proxy rewrites the path, set `signed_path` to the path as registered.",
        ),
        traps=(
            "The signature stands in the body and covers the path: a rewritten path breaks it.",
            "The address is tried with other methods and an empty body, and must answer 200.",
            "Many answers other than 200 switch the address off, so the relay answers refusals with 200, too.",
            "The order's VTEX id is not in it: let VTEX tell the relay, or register shipments.",
        ),
    ),
    "moova": Briefing(
        countries=("AR", "CL", "MX", "PE", "UY"),
        pushes=ITSELF,
        reports="milestones",
        references=("Moova's shipping id only",),
        setup=("In Moova's panel set the relay's URL, path key included, as the webhook.",),
        traps=("Nothing is signed.", "Only Moova's own id identifies the parcel: put it on the order as its number."),
    ),
    "shipit": Briefing(
        countries=("CL",),
        pushes=ITSELF,
        reports="milestones",
        references=("merchant's reference", "tracking number"),
        setup=("In the account's settings set the relay's URL as the packages webhook.",),
        traps=(
            "It may deliver with PUT instead of POST.",
            "Its fields and whether it sends a token are unconfirmed.",
        ),
    ),
    "skydropx": Briefing(
        countries=("CO", "MX"),
        pushes=ITSELF,
        reports="milestones",
        references=("tracking number only",),
        setup=(
            "Ask Skydropx by e-mail to open the webhook page of the PRO panel.",
            "Add the relay's URL, choose HMAC, and set its secret as `secrets`.",
            "If you rename the header there, set the same name as `header`.",
        ),
        traps=(
            "The signature is SHA-512, not SHA-256, and stands after the word HMAC in Authorization.",
            "No time comes with an event: the time of arrival counts.",
            "Documents about orders come to the same address and are no events.",
        ),
    ),
    "uber-direct": Briefing(
        countries=("BR", "CL", "CR", "MX", "US"),
        pushes=ITSELF,
        reports="milestones",
        references=("external id", "manifest reference"),
        setup=(
            "In the Uber Direct dashboard add a webhook with the relay's URL for event.delivery_status only.",
            "Set its signing key as `secrets`; test and production have keys of their own.",
            "Put the VTEX order id into external_id of each delivery.",
        ),
        traps=(
            "event.courier_update comes about every 20 s for each courier: do not subscribe to it.",
            "Failed calls are tried three times within minutes, then lost.",
            "Deliveries with live_mode false are tests.",
        ),
    ),
}
