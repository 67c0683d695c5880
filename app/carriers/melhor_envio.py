"""Melhor Envio: one webhook carries one event of one label, named after the label's new status.

Page read 2026-11-23. Only labels that the same application generated fire events. Nothing says where a parcel is, and
nothing comes between posting and delivery. The page names the digest and not how it is written; receivers have both.
"""

from collections.abc import Iterator
from datetime import timedelta

from app.adapter import Adapter, Maturity, Redelivery, Result
from app.dialects.label_orders import IGNORED, MILESTONES, label_events, registration_ping
from app.model import Webhook
from app.personal import PersonalData
from app.verification import Hmac

PERSONAL = PersonalData(plain={"data.tags": "what the shop wrote to find the order: its id"})


def parse(webhook: Webhook) -> Iterator[Result]:
    yield from label_events(webhook)


ADAPTER = Adapter(
    slug="melhor-envio",
    name="Melhor Envio",
    documentation="https://docs.melhorenvio.com.br/",
    maturity=Maturity.DOCUMENTED,
    verification=Hmac(header="X-ME-Signature", encodings=("base64", "hex"), prefix="sha256=", prefix_is_optional=True),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    # Five tries, 15 minutes apart; unconfirmed.
    redelivery=Redelivery(retries=True, retries_for=timedelta(hours=1), history=False),
    probe=registration_ping,
    zone="America/Sao_Paulo",
    order_reference_is_vtex=True,
)
