"""What the relay knows of VTEX: its objects, its calls, and how rows are written for it."""

from app.vtex.client import Answered, Client, Outcome, Read
from app.vtex.feed import FeedConfig, FeedItem
from app.vtex.gate import Gate
from app.vtex.hook import HookState, HookVerdict, OrderHook, hook_url, judge_hook
from app.vtex.listing import MAX_PAGE, PER_PAGE, ListedOrder, OrderPage, OrderQuery, Span
from app.vtex.matching import match_rows, remembered_row, shows_moment
from app.vtex.naming import named_by_address, named_by_key
from app.vtex.notifications import Notification, concerns_packages, is_other_side, read_notification
from app.vtex.orders import Order, Package, TimelineRow, read_order
from app.vtex.phrases import PHRASES
from app.vtex.rendering import body_hash, delivered_date, description, request_body, row_date
from app.vtex.scrubbing import scrub

__all__ = [
    "MAX_PAGE",
    "PER_PAGE",
    "PHRASES",
    "Answered",
    "Client",
    "FeedConfig",
    "FeedItem",
    "Gate",
    "HookState",
    "HookVerdict",
    "ListedOrder",
    "Notification",
    "Order",
    "OrderHook",
    "OrderPage",
    "OrderQuery",
    "Outcome",
    "Package",
    "Read",
    "Span",
    "TimelineRow",
    "body_hash",
    "concerns_packages",
    "delivered_date",
    "description",
    "hook_url",
    "is_other_side",
    "judge_hook",
    "match_rows",
    "named_by_address",
    "named_by_key",
    "read_notification",
    "read_order",
    "remembered_row",
    "request_body",
    "row_date",
    "scrub",
    "shows_moment",
]
