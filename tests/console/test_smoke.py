from tests.console.visitor import visitor
from tests.web.stage import Relay, webhook_body


def test_it_opens(relay: Relay) -> None:
    me = visitor(relay)
    relay.ops(
        "POST",
        "/shipments",
        json={
            "account": "mystore",
            "order_id": "v1-01",
            "invoice_number": "0001",
            "tracking_numbers": ["QX004512345BR"],
        },
    )
    wid = relay.deliver(webhook_body()).json()["id"]
    relay.ops("POST", f"/webhooks/{wid}/replay", json={"reason": "x"})
    w2 = relay.deliver(webhook_body("OTHER", "strange")).json()["id"]
    relay.ops("POST", f"/webhooks/{w2}/replay", json={"reason": "x"})
    relay.deliver(webhook_body(), headers={"X-Signature": "00"})
    r = relay.refusals()[0]["id"]
    for p in [
        "",
        "/orders",
        "/webhooks",
        "/webhooks/" + wid,
        "/problems",
        "/parked",
        "/refusals",
        "/refusals/" + r,
        "/accounts",
        "/accounts/mystore",
        "/audit",
    ]:
        print(p, len(me.open(p).text))
        me.open(p, lang="pt-BR")
    sh = relay.ops("GET", "/shipments").json()["items"][0]["id"]
    me.open("/orders/" + sh)
    su = relay.ops("GET", "/parked").json()["items"][0]["id"]
    me.open("/parked/" + su)
    print(me.get("/orders", q="QX004512345BR").headers)
