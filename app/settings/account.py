"""What is configured per VTEX account, per group of accounts, and per carrier of either."""

from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from app.model import Milestone
from app.settings.places import Network, ServiceURL
from app.settings.rules import NumberRule
from app.settings.texts import ShownText, TextKey
from app.settings.values import (
    Alias,
    Count,
    DefaultInWords,
    Duration,
    Frozen,
    HeaderName,
    InWords,
    Many,
    Name,
    PathKey,
    PositiveSeconds,
    Seconds,
    Secret,
    Some,
    TimeZone,
    URLPath,
)

__all__ = ["Account", "Group", "Source", "frozen_section"]

frozen_section = ConfigDict(
    frozen=True,
    extra="forbid",
    allow_inf_nan=False,
    # A configuration is full of secrets, and an error is written to logs.
    hide_input_in_errors=True,
    validate_default=False,
)


class Source(BaseModel):
    """One carrier of an account or group: how its webhooks are proven and read."""

    model_config = frozen_section

    # Left out, a source has no secrets; listing none is a template that nobody filled in.
    secrets: Some[Secret] = Field(
        default=(),
        description=(
            "What the carrier signs or authenticates with, newest first; every one is live, so list the old one"
            " too while it is being rotated. For HTTP Basic write user:password."
        ),
    )
    header: HeaderName | None = Field(
        default=None,
        description="Header that carries the secret, where the carrier lets its customers choose the name.",
    )
    path_key: PathKey | None = Field(
        default=None,
        description=(
            "Secret last part of the webhook's URL, for carriers that cannot sign; at least 16 random characters."
            " Requests without it are answered 404."
        ),
    )
    unsigned: bool = Field(
        default=False,
        description=("Accept that this carrier proves nothing about itself; needs path_key, and deserves networks."),
    )
    networks: Many[Network] = Field(
        default=(),
        description="Networks that webhooks may come from; anywhere when empty.",
    )
    alias: Alias | None = Field(
        default=None,
        description="Opaque name under /w/, for carriers whose rules forbid words in the URL.",
    )
    timezone: TimeZone | None = Field(
        default=None,
        description="Zone of the carrier's times that come without one; else the carrier's own, else the account's.",
    )
    jwks_url: ServiceURL | None = Field(
        default=None,
        description="Address of the carrier's public keys, when it is not the usual one.",
    )
    signed_path: URLPath | None = Field(
        default=None,
        description="Path that was registered with a carrier that signs it, where a proxy on the way here rewrites it.",
    )
    statuses: Frozen[str, Milestone] = Field(
        default_factory=lambda: MappingProxyType({}),
        description="Meaning of single codes of the carrier, over the adapter's table.",
    )
    number_rules: Many[NumberRule] = Field(
        default=(),
        description=(
            "How this merchant's numbers hang together; what the rules make is sought beside what the carrier says."
            " They never change whether an event is new."
        ),
    )


Sources = Frozen[Name, Source]


class Account(BaseModel):
    """One VTEX account: credentials, how its timelines look, and how hard it may be called."""

    model_config = frozen_section

    app_key: Secret = Field(description="VTEX application key (X-VTEX-API-AppKey).")
    app_token: Secret = Field(description="VTEX application token (X-VTEX-API-AppToken).")
    base_url: Annotated[ServiceURL, DefaultInWords("https://<account>.vtexcommercestable.com.br")] = Field(
        default="", description="Where VTEX answers for the account."
    )
    hook_key: Secret | None = Field(
        default=None,
        description=(
            "What VTEX's order hook must send in the header `key`; without it the hook's route answers 404."
            " `carrier-relay hook install ACCOUNT` sets the hook up with it."
        ),
    )
    old_hook_keys: Many[Secret] = Field(
        default=(),
        description="Earlier values of `hook_key` that are accepted while VTEX's hook is changed over to the new one.",
    )
    mode: Literal["live", "observe"] = Field(
        default="live",
        description="In observe everything happens but the write to VTEX; a report says what it would have changed.",
    )
    timezone: TimeZone = Field(
        default=ZoneInfo("America/Sao_Paulo"),
        description="Zone in which the account's timelines are written.",
    )
    locale: Literal["pt-BR", "es", "en"] = Field(default="pt-BR", description="Language of the phrases for milestones.")
    description: Literal["carrier", "phrase"] = Field(
        default="carrier",
        description="What shoppers read: the carrier's words without personal data, or the milestone's phrase.",
    )
    texts: Frozen[TextKey, ShownText] = Field(
        default_factory=lambda: MappingProxyType({}),
        description=(
            "What shoppers read in place of that, by milestone (OUT_FOR_DELIVERY) or by a carrier's code"
            " (easypost/in_transit); a code goes before its milestone. Rows that were sent keep their words."
        ),
    )
    date_format: Literal["datetime", "date", "utc", "wall_as_utc"] = Field(
        default="datetime",
        description=(
            "How VTEX gets an event's time: with the zone's offset, as a day, as UTC, or as local clock time labelled"
            " UTC for stores whose page prints UTC."
        ),
    )
    history: Literal["auto", "delta", "full"] = Field(
        default="auto",
        description="Send new rows only (delta) or the whole timeline (full); auto learns what the account's PUT does.",
    )
    forward_milestones: Many[Milestone] | None = Field(
        default=None, description="Milestones that reach VTEX; all of them when null."
    )
    forward_from: Annotated[date, InWords("date (2026-01-31)")] | None = Field(
        default=None,
        description="Shipments invoiced before this day are observed only.",
    )
    stale_after: Duration | None = Field(
        default=None,
        description="Rows older than this go out only together with a newer one, or when asked for.",
    )
    debounce_seconds: Seconds = Field(
        default=0.0, description="Wait this long after an event for others to go out with it."
    )
    prefer: Many[Name] = Field(
        default=(),
        description=(
            "Carriers that may speak for one parcel together, best first; the first that spoke owns the timeline, and"
            " the order decides between those that could take over. When empty, all that speak are shown."
        ),
    )
    voice_takeover_hours: Annotated[float, Field(gt=0, le=1_000_000), InWords("hours above 0")] = Field(
        default=24.0,
        description=(
            "Silence of a timeline's owner after which another carrier takes over that has news. An owner that told of"
            " the parcel's end may be silent."
        ),
    )
    register_tracking: bool = Field(
        default=False,
        description="Write a parcel's number and courier into a VTEX package that has none, once a webhook proved it.",
    )
    first_read: bool = Field(
        default=True,
        description="Read an order once before the first write, so that rows already there are kept and counted.",
    )
    read_lag_seconds: Seconds = Field(
        default=5.0,
        description="How long after a call VTEX may still apply it; absence is believed only after that.",
    )
    request_timeout_seconds: PositiveSeconds = Field(
        default=20.0, description="Longest time for one call to VTEX, from first to last byte."
    )
    retry_base_seconds: PositiveSeconds = Field(
        default=30.0,
        description="First wait before a retry; it doubles, up to an hour. The gate first pauses ten times as long.",
    )
    rate_per_second: Annotated[float, Field(gt=0), InWords("number above 0")] = Field(
        default=20.0, description="Most calls to VTEX in a second, reads and writes together."
    )
    concurrency: Count = Field(default=8, description="Most calls to VTEX at the same time.")
    feed: bool = Field(
        default=False,
        description=(
            "Poll VTEX's order feed, besides or instead of its hook; `carrier-relay feed install ACCOUNT` configures it"
            " at VTEX. The key must be the relay's own: whoever shares a key takes notifications from the other."
        ),
    )
    sweep_minutes: Annotated[float, Field(ge=0, le=10_080), InWords("minutes; 0 for never")] = Field(
        default=30.0,
        description=(
            "How often VTEX's list of orders is looked through for invoiced ones that neither hook nor feed told of;"
            " each sweep looks back six hours behind the end of the one before, the first one two days."
        ),
    )
    carriers: Sources = Field(
        default_factory=lambda: MappingProxyType({}),
        description="Carriers that post webhooks for this account.",
    )


class Group(BaseModel):
    """Several accounts served by one contract and one URL of a carrier."""

    model_config = frozen_section

    accounts: Some[Name] = Field(description="Accounts whose orders the group's webhooks may be about.")
    carriers: Sources = Field(
        default_factory=lambda: MappingProxyType({}),
        description="Carriers that post webhooks for the group.",
    )
