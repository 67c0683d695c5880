"""What those who may ask are shown: of their own accounts, and without personal data where their role is low."""

from typing import Any

import pytest

from tests.web.conftest import Start
from tests.web.stage import Relay, webhook_body, without_ids

SHIPMENT = {"account": "mystore", "order_id": "1527103869572-01", "invoice_number": "000045781"}
LIMITED = "mystore-operator"


def test_with_no_tokens_configured_nobody_is_let_in(start: Start) -> None:
    assert 401 == start(tokens=()).ops("GET", "/webhooks", token="admin").status_code


@pytest.mark.parametrize("token", ["viewer", "support", "operator", "admin"])
def test_every_role_may_look(relay: Relay, token: str) -> None:
    for path in ("/webhooks", "/refusals", "/shipments"):
        assert 200 == relay.ops("GET", path, token=token).status_code


class TestOfOneAccount:
    """A token that is limited to `mystore` beside the account `other` and the group `brands` of both."""

    @pytest.fixture
    def ids(self, relay: Relay) -> dict[str, str]:
        """Receive and refuse one webhook for each owner, and add a shipment to each account."""
        found: dict[str, str] = {}
        for owner in ("mystore", "other", "brands"):
            path = f"/webhooks/signed/{owner}"
            found[f"webhook of {owner}"] = relay.deliver(webhook_body(f"N-{owner}"), path=path).json()["id"]
            refused = relay.deliver(path=path, headers={"X-Signature": "0" * 64})
            found[f"refusal of {owner}"] = refused.json()["id"]
        for account in ("mystore", "other"):
            asked = {**SHIPMENT, "account": account, "tracking_numbers": ["QX1"]}
            found[f"shipment of {account}"] = relay.ops("POST", "/shipments", json=asked).json()["id"]
        relay.refusals()
        return found

    @pytest.mark.parametrize(
        ("path", "names"),
        [
            ("/webhooks", ["webhook of mystore"]),
            ("/refusals", ["refusal of mystore"]),
            ("/shipments", ["shipment of mystore"]),
            ("/shipments?tracking_number=QX1", ["shipment of mystore"]),
            ("/shipments?order_id=1527103869572-01", ["shipment of mystore"]),
            ("/webhooks?tracking_number=N-other", []),
        ],
    )
    def test_lists_show_its_own(self, relay: Relay, ids: dict[str, str], path: str, names: list[str]) -> None:
        items = relay.ops("GET", path, token=LIMITED).json()["items"]

        assert [ids[name] for name in names] == [item["id"] for item in items]

    @pytest.mark.parametrize("path", ["/webhooks", "/refusals", "/shipments"])
    @pytest.mark.parametrize("account", ["other", "brands", "nobody"])
    def test_it_cannot_ask_for_another(self, relay: Relay, path: str, account: str) -> None:
        answer = relay.ops("GET", path, token=LIMITED, params={"account": account})

        assert 403 == answer.status_code
        assert "limited to mystore" in answer.json()["detail"]

    @pytest.mark.parametrize(
        ("method", "path", "name", "body"),
        [
            ("GET", "/webhooks/{}", "webhook of other", None),
            ("GET", "/webhooks/{}", "webhook of brands", None),
            ("POST", "/webhooks/{}/replay", "webhook of other", {"reason": "curiosity"}),
            ("GET", "/refusals/{}", "refusal of other", None),
            ("GET", "/refusals/{}", "refusal of brands", None),
            ("GET", "/shipments/{}", "shipment of other", None),
            ("DELETE", "/shipments/{}/tracking-numbers/QX1", "shipment of other", None),
        ],
    )
    def test_what_is_anothers_does_not_exist(
        self, relay: Relay, ids: dict[str, str], method: str, path: str, name: str, body: Any
    ) -> None:
        anothers = relay.ops(method, path.format(ids[name]), token=LIMITED, json=body)
        nothing = relay.ops(method, path.format(ids[name][:-2] + "ZZ"), token=LIMITED, json=body)

        assert (404, 404) == (anothers.status_code, nothing.status_code)
        told = without_ids(anothers.json())["detail"].replace(ids[name], "")
        assert told == nothing.json()["detail"].replace(ids[name][:-2] + "ZZ", "")
        assert 200 == relay.ops("GET", f"/shipments/{ids['shipment of other']}").status_code

    def test_it_cannot_add_to_another(self, relay: Relay) -> None:
        answer = relay.ops("POST", "/shipments", token=LIMITED, json={**SHIPMENT, "account": "other"})

        assert 403 == answer.status_code
        assert [] == relay.ops("GET", "/shipments").json()["items"]

    def test_it_works_with_its_own(self, relay: Relay, ids: dict[str, str]) -> None:
        for kind in ("webhook", "refusal", "shipment"):
            path = f"/{kind}s/{ids[f'{kind} of mystore']}"
            assert 200 == relay.ops("GET", path, token=LIMITED).status_code


class TestRedaction:
    WORDS = "Entregue. Recebido por: Fulana de Exemplo"

    @pytest.fixture
    def id_(self, relay: Relay) -> str:
        body = webhook_body()
        body["events"] = [{"code": "done", "at": "2026-03-04T10:00:00-03:00", "text": self.WORDS}]
        id_: str = relay.deliver(body, path="/webhooks/signed/mystore?who=fulana").json()["id"]
        relay.read()
        return id_

    def test_viewers_see_neither_the_body_nor_names(self, relay: Relay, id_: str) -> None:
        shown = relay.ops("GET", f"/webhooks/{id_}", token="viewer")

        assert (True, None, "who=[unlisted: text of 5-8]") == tuple(
            shown.json()[name] for name in ("is_masked", "body_withheld", "query")
        )
        assert "fulana" not in shown.text.lower()
        assert "Recebido por: ***" in shown.json()["events"][0]["description"]

    def test_support_sees_the_words_and_of_the_request_what_is_mapped(self, relay: Relay, id_: str) -> None:
        shown = relay.ops("GET", f"/webhooks/{id_}", token="support").json()

        assert (True, self.WORDS) == (shown["is_masked"], shown["events"][0]["description"])
        assert "fulana" not in shown["query"]

    def test_operators_see_the_request_as_it_came(self, relay: Relay, id_: str) -> None:
        shown = relay.ops("GET", f"/webhooks/{id_}").json()

        assert (None, "who=fulana") == (shown["body_withheld"], shown["query"])
        assert "Fulana" in shown["body"]["content"]
        assert self.WORDS == shown["events"][0]["description"]

    def test_viewers_do_not_see_what_was_refused(self, relay: Relay) -> None:
        told = relay.deliver({"name": "Fulana"}, headers={"X-Signature": "0" * 64, "X-Name": "Fulana"}).json()["id"]
        relay.refusals()
        shown = relay.ops("GET", f"/refusals/{told}", token="viewer")

        assert (None, None, "role") == tuple(shown.json()[name] for name in ("headers", "body", "body_withheld"))
        assert "Fulana" not in shown.text
