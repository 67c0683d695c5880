"""Carriers and services of Brazil."""

from collections.abc import Mapping
from typing import Final

from app.briefing.facts import CUSTOMER, ITSELF, Briefing

__all__ = ["BRAZIL"]

_POST_DOCUMENTS: Final = (
    "Agree on a secret, or make one, and set it as `secrets` of the source.",
    "Let your own program, or your carrier's, post each answer of the query interface as it came to the relay's URL.",
)

BRAZIL: Final[Mapping[str, Briefing]] = {
    "azul-cargo": Briefing(
        countries=("BR",),
        pushes=CUSTOMER,
        reports="scans",
        references=("air waybill", "NF-e key"),
        setup=(*_POST_DOCUMENTS, "Query by air waybill or by NF-e key (`Ocorrencias/Consultar`)."),
        traps=(
            "No webhook of Azul Cargo was found.",
            "Codes up to 99 are Proceda's with a few of Azul's own (36 to 38, 55, 93); those above are Azul's alone.",
        ),
    ),
    "confirma-facil": Briefing(
        countries=("BR",),
        pushes=ITSELF,
        reports="scans",
        references=("invoice number and series", "NF-e key", "order number", "issuer's CNPJ"),
        setup=(
            "Give every carrier that can already deliver occurrences in the shape of Confirma Fácil the relay's URL.",
            "Give each a secret of its own; it sends it as a bearer token, an API key or HTTP Basic.",
        ),
        traps=(
            "The body is a JSON array, and every value in it is text.",
            "Days stand before months, with hyphens or slashes, and the time is a field of its own without a zone.",
            "Codes above 99 differ from shipper to shipper: map them with `statuses` of the source.",
        ),
    ),
    "correios": Briefing(
        countries=("BR",),
        pushes=CUSTOMER,
        reports="scans",
        references=("tracking number only",),
        setup=(
            *_POST_DOCUMENTS,
            "Or take the same events through Melhor Envio, SuperFrete, Frenet or Intelipost, which do push.",
        ),
        traps=(
            "No public push of Correios was found; the query needs the header Accept-Language: pt-BR.",
            "BDE, BDI and BDR alone do not mean delivered: only codes 00, 01, 67, 70, 79 do; 23 is back at the sender.",
            "EST takes the event before it back.",
            "Times carry no zone and are read as Brasília's.",
        ),
    ),
    "frenet": Briefing(
        countries=("BR",),
        pushes=ITSELF,
        reports="scans",
        references=("order id", "tracking number"),
        setup=(
            "Name the relay's URL as the tracking callback in the call that creates each order.",
            "Choose a header name and a token there, and set both on the source (`header` and `secrets`).",
        ),
        traps=(
            (
                "A header name with an underscore, such as FRENET_INTEGRATION, is dropped by nginx and others:"
                " prefer one with hyphens, or allow underscores in the proxy."
            ),
            "Only the newest event comes, to the minute and without a zone.",
            "Its words decide, because its codes are not documented.",
        ),
    ),
    "intelipost": Briefing(
        countries=("BR",),
        pushes=ITSELF,
        reports="scans",
        references=("order number", "sales order number", "NF-e key", "invoice number and series", "tracking number"),
        setup=(
            "In the panel open Entregas > Configuração > Regras de evento and add a webhook with the relay's URL.",
            "Add the header api-key, or HTTP Basic with the key as user name; set the same value as `secrets`.",
            "Choose every volume state that shoppers should see.",
        ),
        traps=(
            "A webhook is about one volume: an order of three volumes has three streams.",
            "The panel can send events of the last 30 days again by hand; they are recognised as known.",
            "The order number may carry a prefix or suffix of the merchant's; the sales order number is the shop's.",
            "Its micro codes look like Proceda's and are others.",
        ),
    ),
    "jadlog": Briefing(
        countries=("BR",),
        pushes=CUSTOMER,
        reports="scans",
        references=("shipment id", "NF-e key where queried by it"),
        setup=(*_POST_DOCUMENTS, "Query by shipment id, CT-e, or the NF-e with the issuer's CNPJ."),
        traps=("No webhook of Jadlog was found; Melhor Envio reports its milestones.",),
    ),
    "jt-express-br": Briefing(
        countries=("BR",),
        pushes=ITSELF,
        reports="scans",
        references=("shipper's order number (txlogisticId)", "waybill number"),
        setup=(
            "Ask J&T's integration team to register the relay's URL for the logistics status callback.",
            "Set the private key of your API account as `secrets`.",
        ),
        traps=(
            "The body is a form whose field bizContent holds JSON as text; the digest is made of the decoded text.",
            'Anything but 200 with {"code":"1","msg":"success"} counts as failed; the relay answers exactly that.',
            "Two code tables are in use; which one Brazil's tenant sends is unconfirmed, both are read.",
            "Times carry no zone and are read as Brasília's (unconfirmed).",
        ),
    ),
    "kangu": Briefing(
        countries=("BR",),
        pushes=CUSTOMER,
        reports="scans",
        references=("tracking number",),
        setup=(*_POST_DOCUMENTS, "Query `rastrear` with the parcel's code."),
        traps=("No webhook was found, and the company was absorbed by Mercado Livre: take it as legacy.",),
    ),
    "loggi": Briefing(
        countries=("BR",),
        pushes=ITSELF,
        reports="scans",
        references=("tracking code, which the shipper may choose",),
        setup=(
            "Ask Loggi's commercial contact to set the webhook up; there is no panel for it.",
            "Give them the relay's URL, a user name and a password; set `user:password` as `secrets`.",
        ),
        traps=(
            "One request holds several packages, each with its whole history.",
            "Only 200 and 201 are documented as success.",
            "The list of codes that could be found has gaps; unknown ones are shown as text.",
            "Neither order nor invoice is in it: put the order's number into the tracking code, or let VTEX tell it.",
        ),
    ),
    "mandae": Briefing(
        countries=("BR",),
        pushes=ITSELF,
        reports="scans",
        references=("tracking code, often built of the invoice's number and series",),
        setup=("Give Mandaê's support the relay's URL, path key included, for the tracking webhook.",),
        traps=(
            "Nothing is signed: the path key is all that protects the URL, so treat it as a password.",
            "Documents about processed items come to the same address and are no events.",
            "Times are to the minute and carry no zone.",
        ),
    ),
    "melhor-envio": Briefing(
        countries=("BR",),
        pushes=ITSELF,
        reports="milestones",
        references=("tags of the cart, the order's number by custom", "tracking number, once there is one"),
        setup=(
            "In the panel open Integrações > Área Dev, choose the application and add the relay's URL as webhook.",
            "Set the application's secret as `secrets`.",
            "Let the application put the VTEX order id into options.tags of each cart.",
        ),
        traps=(
            "Only labels made by that same application fire; those made on the website never do.",
            "The address is pinged when it is saved, and must answer: the relay must be reachable first.",
            "It waits 6 s and tries 5 times, 15 minutes apart (unconfirmed): a longer outage loses events.",
            "No scans, no out-for-delivery and no places.",
            "SuperFrete uses the same header with another secret; never share an address.",
        ),
    ),
    "mercado-envios": Briefing(
        countries=("AR", "BR", "CL", "CO", "MX", "UY"),
        pushes=ITSELF,
        reports="milestones",
        references=("shipment id",),
        setup=(
            "In the developers' panel set the relay's URL, path key included, as the notification address.",
            "Choose the topic shipments, and set the seller's access token as `secrets`: the relay fetches with it.",
        ),
        traps=(
            "A notification only points at a shipment, which the relay then fetches.",
            "Nothing is signed.",
            (
                "Answers later than about half a second may count as failed (unconfirmed), and topics that fail are"
                " switched off."
            ),
            "A marketplace connector often tells VTEX already: check before connecting this, too.",
        ),
    ),
    "proceda-ocoren": Briefing(
        countries=("BR",),
        pushes=CUSTOMER,
        reports="scans",
        references=("issuer's CNPJ, invoice number and series",),
        setup=(
            "Agree on a secret with the carrier, or make one for your own mailbox, and set it as `secrets`.",
            "Post each OCOREN file as it came, in its own encoding, to the relay's URL.",
        ),
        traps=(
            "There is neither a tracking number nor an order number in it: the invoice is the only way to the order.",
            "Codes of 100 and above are private to each carrier: map them with `statuses` of the source.",
            "Most carriers mean delivered by 02, some not delivered: ask yours.",
            "Fixed columns: an editor or mail filter that touches spaces destroys the file.",
        ),
    ),
    "ssw": Briefing(
        countries=("BR",),
        pushes=CUSTOMER,
        reports="scans",
        references=("NF-e key", "invoice number", "order number"),
        setup=(
            *_POST_DOCUMENTS,
            "Carriers on SSW can also order a program from SSW that posts occurrences; have it send the same document.",
        ),
        traps=(
            "SSW's codes are not Proceda's: 80 is a document issued here and a total loss there.",
            "A carrier can take a delivery back (option 138).",
            "Queries are limited, about 18 a second.",
        ),
    ),
    "superfrete": Briefing(
        countries=("BR",),
        pushes=ITSELF,
        reports="milestones",
        references=("tags of the order", "tracking number"),
        setup=(
            "Register the relay's URL through SuperFrete's API.",
            "Set the token that the registration answers with as `secrets`; it is shown once.",
        ),
        traps=(
            "The header is called like Melhor Envio's, with another secret: one address each.",
            "It waits 30 s and tries 5 times, 15 minutes apart (unconfirmed).",
        ),
    ),
}
