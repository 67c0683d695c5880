"""An account's page says how VTEX's order hook stands, and what to do."""

from app.calling import Destination
from app.duties import Duties
from app.egress import Egress
from app.gathering import HookKeeper, HookPlan
from app.gathering.calls import Calls
from app.store import RecordHook
from app.vtex import Client, Gate
from tests.console.conftest import Enter
from tests.forwarder.making import account
from tests.web.conftest import Start
from tests.web.stage import Relay


def keeper(relay: Relay) -> HookKeeper:
    """Make what looks after the hook of mystore, and calls nobody here."""
    given, called = relay.dependencies, account()
    destination = Destination(account=called, client=Client(called, Egress()), gate=Gate(called))
    calls = Calls(given.store, destination, given.metrics, now=given.now, can_wait=True)
    plan = HookPlan(keys={"mystore": ("a-hook-key",)})
    return HookKeeper("mystore", given.store, calls, Duties(given.store, given.now), plan, now=given.now)


def test_an_account_says_how_its_order_hook_stands_and_what_to_do(start: Start, relay: Relay, enter: Enter) -> None:
    assert "not received: the account has no hook_key" in enter().open("/accounts/mystore").text

    given = relay.dependencies
    url, problem = "https://erp.example/x", "it tells an ERP"
    now, ids = given.now(), given.store.ids
    record = RecordHook(account="mystore", state="foreign", url=url, problem=problem, now=now, ids=ids)
    hooked = start(hooks={"mystore": keeper(relay)})
    hooked.on_the_loop(hooked.store.write(record))

    page = enter().open("/accounts/mystore").text
    assert "somebody else's, and left alone" in page
    assert "is not this relay's: it tells an ERP" in page
