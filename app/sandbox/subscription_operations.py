"""The routes of hook and feed: configure, read, commit, and try an expression out."""

import json

from app.sandbox.announcing import answers_ping
from app.sandbox.answers import Answer, problem, success
from app.sandbox.calls import Call, Operation, refused_body
from app.sandbox.events import Filter
from app.sandbox.expressions import UnknownExpression, read_expression
from app.sandbox.feeds import Feed
from app.sandbox.hooks import Hook
from app.sandbox.state import Sandbox
from app.sandbox.subscribing import RefusedConfig, Target, read_filter, read_queue, read_target
from app.sandbox.timestamps import event_timestamp

__all__ = ["SUBSCRIPTION_OPERATIONS"]

_MOST = 10
"""The most items that one read of a feed may ask for."""


async def configure_hook(sandbox: Sandbox, call: Call) -> Answer:
    """Take a hook's configuration, once its address has answered a ping."""
    refusal = refused_body(call)
    if refusal is not None:
        return refusal
    try:
        wanted = read_filter(call.document)
        target = read_target(call.document, sandbox.options)
    except RefusedConfig as refused:
        return problem(refused.status, refused.errors)
    if not await answers_ping(target, sandbox.options):
        return problem(400, {"hook.url": ["Unable to check address"]})
    hook = Hook(account=call.account, app_key=call.app_key, filter=wanted, target=target, active_at=sandbox.now())
    sandbox.announcements.hooks.configure(hook)
    return _configured(sandbox, call, wanted, target)


def show_hook(sandbox: Sandbox, call: Call) -> Answer:
    """Show the hook of the caller's key."""
    hook = sandbox.announcements.hooks.find(call.account, call.app_key)
    return success(hook.document()) if hook else problem(404)


def remove_hook(sandbox: Sandbox, call: Call) -> Answer:
    """Remove the hook of the caller's key."""
    return Answer(status=200) if sandbox.announcements.hooks.remove(call.account, call.app_key) else problem(404)


def configure_feed(sandbox: Sandbox, call: Call) -> Answer:
    """Take a feed's configuration."""
    refusal = refused_body(call)
    if refusal is not None:
        return refusal
    try:
        wanted, queue = read_filter(call.document), read_queue(call.document)
    except RefusedConfig as refused:
        return problem(refused.status, refused.errors)
    feed = Feed(account=call.account, app_key=call.app_key, filter=wanted, queue=queue, active_at=sandbox.now())
    sandbox.announcements.feeds.configure(feed)
    return success(feed.document())


def show_feed(sandbox: Sandbox, call: Call) -> Answer:
    """Show the feed of the caller's key, how much is in it, and how old that is."""
    feed = sandbox.announcements.feeds.find(call.account, call.app_key)
    if feed is None:
        return problem(404)
    age = feed.age_seconds(sandbox.now())
    return success({**feed.document(), "quantity": feed.quantity, "approximateAgeOfOldestMessageInSeconds": age})


def remove_feed(sandbox: Sandbox, call: Call) -> Answer:
    """Remove the feed of the caller's key."""
    return Answer(status=200) if sandbox.announcements.feeds.remove(call.account, call.app_key) else problem(404)


def read_feed(sandbox: Sandbox, call: Call) -> Answer:
    """Give some items, and hide them until they are committed or were hidden long enough."""
    feed = sandbox.announcements.feeds.find(call.account, call.app_key)
    if feed is None:
        return problem(404)
    text = call.query.get("maxlot", "")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= _MOST):
        return problem(400, {"maxlot": [f"must be between 1 and {_MOST}"]})
    return success(sandbox.announcements.feeds.read(feed, int(text)))


def commit_feed(sandbox: Sandbox, call: Call) -> Answer:
    """Remove the items that a reader is done with."""
    refusal = refused_body(call)
    if refusal is not None:
        return refusal
    feed = sandbox.announcements.feeds.find(call.account, call.app_key)
    if feed is None:
        return problem(404)
    receipts = call.document.get("handles") if isinstance(call.document, dict) else None
    if not isinstance(receipts, list) or not all(isinstance(each, str) for each in receipts):
        return problem(400, {"handles": ["must be a list of strings"]})
    feed.commit(receipts)
    return Answer(status=200)


def try_expression(_sandbox: Sandbox, call: Call) -> Answer:
    """Tell whether a document satisfies an expression, both sent as text."""
    refusal = refused_body(call)
    if refusal is not None:
        return refusal
    sent = call.document if isinstance(call.document, dict) else {}
    text, document = sent.get("Expression"), sent.get("Document")
    if not isinstance(text, str) or not isinstance(document, str):
        return problem(400, {"$": ["must hold Expression and Document, both strings"]})
    try:
        return success(read_expression(text).matches(json.loads(document)))
    except UnknownExpression as unknown:
        return problem(400, {"Expression": [str(unknown)]})
    except ValueError:
        return problem(400, {"Document": ["is not JSON"]})


def _configured(sandbox: Sandbox, call: Call, wanted: Filter, target: Target) -> Answer:
    if sandbox.options.config_answer == "echo":
        return success({"filter": wanted.document(), "hook": target.document()})
    now = event_timestamp(sandbox.now())
    return success(
        {
            "Domain": "Marketplace",
            "OrderId": "v40484048naf-01",
            "State": "payment-approved",
            "LastState": "payment-pending",
            "LastChange": now,
            "CurrentChange": now,
            "Origin": {"Account": call.account, "Key": call.app_key},
        }
    )


_HOOK, _FEED = "/api/orders/hook/config", "/api/orders/feed"


SUBSCRIPTION_OPERATIONS = tuple(
    Operation(name=name, method=method, path=path, resource=resource, perform=perform, newer=True)
    for name, method, path, resource, perform in (
        ("post-hook", "POST", _HOOK, "feed-hook-admin", configure_hook),
        ("get-hook", "GET", _HOOK, "feed-hook-view", show_hook),
        ("delete-hook", "DELETE", _HOOK, "feed-hook-admin", remove_hook),
        ("post-feed-config", "POST", f"{_FEED}/config", "feed-hook-admin", configure_feed),
        ("get-feed-config", "GET", f"{_FEED}/config", "feed-hook-view", show_feed),
        ("delete-feed-config", "DELETE", f"{_FEED}/config", "feed-hook-admin", remove_feed),
        ("get-feed", "GET", _FEED, "feed-hook-view", read_feed),
        ("commit-feed", "POST", _FEED, "feed-hook-view", commit_feed),
        ("try-expression", "POST", "/api/orders/expressions/jsonata", "feed-hook-view", try_expression),
    )
)
