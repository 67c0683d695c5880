"""Loggi: one webhook carries one or more packages, each with its full history, newest first.

Page read 2026-11-23. The list of status codes is not public; those that are known have their names beside them.
"""

import re
from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects.keywords import classify, fold, says_returned
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Place, Webhook
from app.payload import Node, Text, json_body
from app.personal import PersonalData
from app.verification import Basic

MILESTONES = {
    "1": Milestone.PRE_TRANSIT,
    "2": Milestone.CANCELLED,
    "5": Milestone.DELIVERED,
    "5/return": Milestone.RETURNED,
    "11": Milestone.OUT_FOR_DELIVERY,
    # "En route": between bases as well as to the door, which only the description tells.
    "11/elsewhere": Milestone.IN_TRANSIT,
    "11/return": Milestone.RETURNING,
    "14": Milestone.IN_TRANSIT,
    "21": Milestone.EXCEPTION,
    "22": Milestone.EXCEPTION,
    # Refused before they entered the network.
    "26": Milestone.EXCEPTION,
    "27": Milestone.EXCEPTION,
    # Whatever the code: the sender has to do something before the parcel goes on.
    "action required": Milestone.EXCEPTION,
}
# What the codes are called, for statuses that come without a known one.
CODES = {
    "adicionado": "1",
    "cancelado": "2",
    "entregue": "5",
    "em rota": "11",
    "coletado": "14",
    "endereco errado": "21",
    "aguardando acao do remetente": "22",
    "dados incorretos ou invalidos": "26",
    "pacote nao integrado": "27",
}
FINAL = frozenset({"2", "5"})
TO_THE_DOOR = re.compile(r"entreg|destinatari|delivery")
PERSONAL = PersonalData()


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    is_bare = body.is_list or body.get("trackingCode", "loggiKey")
    yield from each((body if is_bare else body["packages"]).allowed().items(), _package)


def _package(package: Node) -> Iterator[Result]:
    number = package.get("trackingCode", "loggiKey").text() or package["trackingCode"].text()
    history = [entry for entry in package.get("trackingHistory").items() if entry.get("status")]
    if not history and not package.get("status"):
        yield Ignored(reason=f"package {number} has neither a status nor a history")
        return
    events = [_event(number, entry, full_history=bool(history)) for entry in history or [package]]
    yield from returned_to_sender(events, "5/return")


def _event(number: Text, entry: Node, *, full_history: bool) -> CarrierEvent:
    status = entry.get("status")
    sent, name = status.get("code").text(), status.get("highLevelStatus").text()
    words = status.get("description").text()
    named = Text(CODES.get(fold(name), name), name.path) if name else None
    needs_action = bool(status.get("actionRequired").text() or status.get("actionRequired").flag())
    derived = _derived(sent if sent in MILESTONES else named, name, words, needs_action=needs_action)
    code, milestone, unknown = most_specific(MILESTONES, sent, named, derived=derived)
    if milestone is Milestone.UNKNOWN:
        milestone = classify(name, words) or Milestone.UNKNOWN
    return CarrierEvent(
        tracking_numbers=(number,),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=status.get("updatedTime").moment(zone="UTC"),
        place=Place(city=entry.get("location").get("city").text(), state=entry.get("location").get("state").text()),
        description=words or name,
        raw=entry.raw("status.code", "status.highLevelStatus", "status.updatedTime"),
        full_history=full_history,
    )


def _derived(code: str | None, name: str | None, words: str | None, *, needs_action: bool) -> Iterator[str]:
    if says_returned(name, words):
        yield f"{code}/return"
    if needs_action and code not in FINAL and MILESTONES.get(code or "") is not Milestone.EXCEPTION:
        yield "action required"
    if words and not TO_THE_DOOR.search(fold(words)):
        yield f"{code}/elsewhere"


ADAPTER = Adapter(
    slug="loggi",
    name="Loggi",
    documentation="https://docs.api.loggi.com/reference/webhook",
    maturity=Maturity.DOCUMENTED,
    verification=Basic(),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True),
)
