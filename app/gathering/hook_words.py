"""What people are told of an order hook: how it stands, what is wrong, and what to do."""

from app.store import HookRecord
from app.vtex import Answered, Outcome

__all__ = ["refusal", "standing"]


def standing(account: str, record: HookRecord) -> tuple[str, str | None]:
    """Say in one word how an account's hook stands, and in a sentence what is wrong and what to do."""
    word, problem = _found(account, record)
    problems = (_named_otherwise(account, record.stranger), problem)
    return word, "; ".join(filter(None, problems)) or None


def _named_otherwise(account: str, stranger: str | None) -> str | None:
    """Say that VTEX tells of an account by a name that is not configured."""
    return stranger and (
        f"VTEX tells of {stranger} with the hook_key of {account}, and every notification is answered as foreign: if "
        f"that is VTEX's name of {account}, configure the account as {stranger}, or give it the base_url "
        f"https://{stranger}.vtexcommercestable.com.br"
    )


def _found(account: str, record: HookRecord) -> tuple[str, str | None]:
    install = f"carrier-relay hook install {account}"
    match record.state:
        case None:
            return "unchecked", None
        case "none" if record.kept_url is not None:
            return "none", record.problem or "VTEX deleted it; the relay makes it again within the hour"
        case "none":
            return "none", f"VTEX has no hook for the account's key; `{install}` makes one"
        case "differs":
            return "differs", f"{record.problem}; `{install}` puts it right"
        case "foreign":
            return "foreign", f"the hook of the account's key is not this relay's: {record.problem}"
        case word:
            return word, record.problem


def refusal(answered: Answered) -> str:
    """Say why VTEX did not do what it was asked."""
    if answered.outcome is Outcome.FORBIDDEN:
        return "the account's key needs a role with the resource Feed v3 and Hook Admin (VTEX answered 403)"
    if answered.outcome is Outcome.UNAUTHORISED:
        return "VTEX refuses app_key and app_token (401)"
    said = f"VTEX answered {answered.status}" if answered.status else "VTEX did not answer"
    return f"{said}: {answered.detail}" if answered.detail else said
