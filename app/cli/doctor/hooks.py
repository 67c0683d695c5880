"""Whether VTEX's order hook tells this relay, and of the account by the name that it has here."""

from collections.abc import Iterator

from app.account import Account
from app.cli.doctor.findings import Finding, note, ok, problem, warning
from app.egress import Egress
from app.main import hook_keys_of
from app.settings import Settings
from app.vtex import Client, HookState, Outcome, hook_url, judge_hook, named_by_address, named_by_key

__all__ = ["examine_hook", "examine_name"]


def examine_name(account: Account, *, hears: bool) -> Iterator[Finding]:
    """Compare the account's name with what its address and its key call it; its hook ``hears`` by VTEX's name."""
    addressed, keyed, about = named_by_address(account.base_url), named_by_key(account.app_key), account.name
    if addressed is not None and addressed != about:
        yield note(about, f"is {addressed} at VTEX, as base_url says: notifications about either name are its own")
    if not hears or keyed in {None, about, addressed}:
        return
    if addressed is not None:
        text = f"app_key was made in VTEX's account {keyed}, and base_url is of {addressed}: is that meant?"
        yield warning(about, text)
        return
    text = (
        f"app_key was made in VTEX's account {keyed}: if that is this one, every notification of its order hook is "
        f"about {keyed} and is answered as foreign; configure it as accounts.{keyed}"
    )
    yield warning(about, text)


async def examine_hook(account: Account, settings: Settings, egress: Egress) -> Finding:
    """Ask VTEX what stands there for the account's key, and change nothing."""
    name = account.name
    keys = hook_keys_of(settings).get(name, ())
    if not keys:
        others = "the feed and the list of orders" if account.feed else "the list of orders, which is late"
        return note(name, f"has no hook_key, so VTEX's order hook is not received: orders are learnt of by {others}")
    read = await Client(account, egress).order_hook()
    if read.found is None and read.answered.outcome is not Outcome.MISSING:
        if read.answered.outcome is Outcome.FORBIDDEN:
            return warning(name, "the key may not see its order hook (403): give it 'Feed v3 and Hook Admin'")
        words = f"{read.answered.status or 'no answer'} {read.answered.detail or ''}".strip()
        return warning(name, f"what order hook the key has is not known: {words}")
    verdict = judge_hook(read.found, name, hook_url(settings.public_url, name) if settings.public_url else None, keys)
    what, install = "; ".join(verdict.problems), f"carrier-relay hook install {name}"
    match verdict.state:
        case HookState.OURS:
            return ok(name, "VTEX's order hook tells this relay")
        case HookState.NONE:
            return warning(name, f"VTEX has no order hook for the key: with the relay running, `{install}` makes one")
        case HookState.DIFFERS:
            return problem(name, f"VTEX's order hook is this relay's, but {what}: `{install}` puts it right")
        case HookState.FOREIGN:
            text = f"the key's order hook is not this relay's: {what}; give the relay an application key of its own"
            return problem(name, text)
