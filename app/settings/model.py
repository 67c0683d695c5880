"""The settings as one frozen value."""

from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, JsonValue, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.settings.account import Account, Group, frozen_section
from app.settings.contradictions import Contradictory, contradictions
from app.settings.places import Listen, ListenAddress, Network, PublicURL, SecretURL
from app.settings.values import (
    Count,
    DatabaseURL,
    Digest,
    Frozen,
    HeaderName,
    InWords,
    Many,
    Name,
    PositiveSeconds,
    Seconds,
    Some,
    TokenName,
)

__all__ = ["Settings", "Token"]

Bytes = Annotated[int, Field(ge=1024), InWords("bytes, from 1024")]
Days = Annotated[int, Field(ge=1), InWords("days, from 1")]


RoleName = Literal["viewer", "support", "operator", "admin"]


class Token(BaseModel):
    """A key to the operators' interface, known only by its digest."""

    model_config = frozen_section

    name: TokenName = Field(description="Who holds the token; it stands in the audit log.")
    role: RoleName = Field(description="What its holder may see and do.")
    sha256: Digest = Field(description="Digest of the token; `carrier-relay token new` makes both.")
    accounts: Some[Name] | None = Field(
        default=None,
        description="Accounts that the token is limited to; all when null.",
    )


def _with_base_urls(accounts: Frozen[str, Account]) -> Frozen[str, Account]:
    """Give each account without an address the one that VTEX gives it."""
    return MappingProxyType(
        {
            name: account
            if account.base_url
            else account.model_copy(update={"base_url": f"https://{name}.vtexcommercestable.com.br"})
            for name, account in accounts.items()
        }
    )


class Settings(BaseSettings):
    """Everything that is configured, read once at the start and passed in.

    The class itself reads nothing: `load_settings` puts the layers together, because only there is it known which
    names exist.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    database_url: DatabaseURL = Field(
        default=SecretStr("sqlite:///data/relay.db"),
        description="The one database: a file of its own, or PostgreSQL for several replicas.",
    )
    database_pooled: bool = Field(
        default=False,
        description="Whether PostgreSQL is reached through a pooler that gives each transaction another session, such "
        "as PgBouncer's transaction mode. Replicas then look for work every few seconds and are told nothing.",
    )
    lock_wait_seconds: Seconds = Field(
        default=30.0,
        description="How long to wait at the start for another process to let go of an SQLite file, or to have "
        "migrated the database.",
    )
    listen: Listen = Field(default=ListenAddress("127.0.0.1", 8080), description="Where webhooks are received.")
    ops_listen: Listen | None = Field(
        default=None,
        description=("Where the operators' interface, console and metrics are served; beside the webhooks when null."),
    )
    public_url: PublicURL | None = Field(
        default=None,
        description="How carriers and VTEX reach `listen` from outside; it is printed in briefs and installed hooks.",
    )
    trusted_proxies: Many[Network] = Field(
        default=(),
        description="Networks of proxies in front, whose X-Forwarded-For is believed.",
    )
    egress_networks: Many[Network] = Field(
        default=(),
        description="Private networks that the names of VTEX's and carriers' hosts may lead to. Without them a name of "
        "the internet is only called at public addresses; an address, localhost or a name without a dot that stands "
        "in the configuration is called as it is written.",
    )
    alert_url: SecretURL | None = Field(
        default=None,
        description="Where a small JSON is posted when something begins or ends that a person must act upon; its host "
        "is called by the rules of `egress_networks`.",
    )
    console_language: Literal["auto", "en", "pt-BR"] = Field(
        default="auto",
        description="The console's language until a reader chooses another; auto takes what the browser prefers.",
    )
    console_idle_minutes: Count = Field(
        default=30, description="Minutes without a request after which the console asks to log in again."
    )
    console_proxy_roles: Frozen[str, RoleName] = Field(
        default_factory=lambda: MappingProxyType({}),
        description=(
            "Lets a proxy in `trusted_proxies` log people in to the console: the role of each group that it may name."
            " The proxy must log people in itself and replace both headers, whatever a request brings."
        ),
    )
    console_proxy_user_header: HeaderName = Field(
        default="X-Forwarded-User", description="Header in which that proxy says who somebody is."
    )
    console_proxy_groups_header: HeaderName = Field(
        default="X-Forwarded-Groups", description="Header in which that proxy names somebody's groups, with commas."
    )
    max_body_bytes: Bytes = Field(
        default=10 * 1024 * 1024, description="Largest webhook; a larger one is refused whole."
    )
    body_seconds: PositiveSeconds = Field(
        default=30.0, description="How long the body of a request may take to arrive; then it is answered 408."
    )
    max_decompressed_ratio: Count | None = Field(
        default=None,
        description="How many times its size a gzip body may become, never more than `max_body_bytes`; its signature "
        "is checked over what was unpacked. Compressed bodies are refused when null.",
    )
    max_head_bytes: Bytes = Field(
        default=65_536, description="Longest request line and headers together; longer ones are answered 431."
    )
    max_headers: Count = Field(default=200, description="Most headers of a request; more are answered 431.")
    head_seconds: PositiveSeconds = Field(
        default=20.0, description="How long the head of a request may take to arrive; then it is answered 408."
    )
    max_connections: Count = Field(
        default=512,
        description="Most connections to a listener at a time. A further one takes the place of the one that has kept "
        "the relay waiting longest, and is answered 503 when all are at work; keep it below the limit of open files.",
    )
    max_address_connections: Count = Field(
        default=256, description="Most of them from one address; trusted proxies have no such limit."
    )
    max_refusals_per_minute: Count = Field(
        default=300,
        description="How many requests of one IPv4 address or one IPv6 /64 may be refused within a minute; then it is "
        "answered 429 before anything is verified. An address that proved itself within an hour is always looked at.",
    )
    refused_wait_seconds: Seconds = Field(
        default=5.0,
        description="For how long, at most, nothing more is read of an address that was refused so often: the first "
        "time for a 64th of it, then each time for twice as long, until the address has not been refused for a minute. "
        "Trusted proxies, and addresses that proved themselves within an hour, never wait. 0 reads on at once.",
    )
    max_refused_connections: Count = Field(
        default=16,
        description="Most connections of such an address that wait for that; further ones are closed unread, and those "
        "that wait are the first to lose their places when `max_connections` is reached.",
    )
    strangers_at_a_time: Count = Field(
        default=2,
        description="How many requests of addresses that did not prove themselves within an hour begin in one round of "
        "the event loop, in the order in which they came; those of others, and of trusted proxies, begin at once.",
    )
    max_document_depth: Count = Field(
        default=64, description="Deepest nesting of a JSON or XML body that is read; a deeper one is unmappable."
    )
    max_document_values: Count = Field(
        default=500_000,
        description="Most members, items and attributes of a JSON or XML body that is read, counted by the characters "
        "that part them; a body of more is unmappable.",
    )
    max_number_length: Count = Field(default=128, description="Longest number, in characters, of a JSON body.")
    max_form_fields: Count = Field(default=200, description="Most fields of a form or a query that is read.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least important log line that is written."
    )
    log_format: Literal["json", "text"] = Field(default="json", description="Log lines for machines, or for people.")
    resolve_within_days: Days = Field(
        default=15,
        description="How long an event waits for its order to appear before it counts as not ours.",
    )
    quiet_after_days: Days = Field(
        default=5, description="How long nothing is heard of a shipment on its way until it counts as quiet."
    )
    ledger_days: Days = Field(
        default=35, description="How long a webhook is remembered as a duplicate of an earlier one."
    )
    body_days: Days = Field(default=30, description="How long the bytes of webhooks, and refused requests, are kept.")
    evidence_days: Days = Field(
        default=180,
        description="How long the bytes are kept of webhooks that told of a parcel's end, or that could not be read.",
    )
    event_days: Days = Field(
        default=180,
        description="How long events and shipments are kept after the last one came; what is open, parked, given up or "
        "held stays.",
    )
    attempt_days: Days = Field(default=30, description="How long calls to VTEX are kept with what they said.")
    fingerprint_days: Days = Field(
        default=730, description="How long a deleted event is known again, so that it is not new when it comes again."
    )
    tally_days: Days = Field(
        default=400, description="How long what was counted hour by hour is kept; the console's charts are made of it."
    )
    unknown_code_days: Days = Field(
        default=365, description="How long a code that no adapter lists is remembered after it came last."
    )
    audit_days: Days | None = Field(
        default=None,
        description="How long the audit log is kept; for good when null. It holds no requests; it says who did "
        "what to which order, and why.",
    )
    tombstone_days: Days = Field(
        default=365,
        description="How long nothing is taken in about an erased tracking number; carriers use numbers again. Erased "
        "orders never come back.",
    )
    refusals_max_count: Count = Field(default=10_000, description="Most refused requests kept; the oldest go first.")
    refusals_max_bytes: Bytes = Field(default=64 * 1024 * 1024, description="Most space that refused requests take.")
    min_free_bytes: Bytes = Field(
        default=64 * 1024 * 1024,
        description="Free space on the database's disk below which webhooks and notifications are answered 503 and "
        "`/readyz` says so, before the database itself fails.",
    )
    forward_slots: Count = Field(
        default=16,
        description="Shipments that one process brings to VTEX at the same time. With several accounts each has one of "
        "its own, so that none waits for another's slow calls, and the rest is shared.",
    )
    shutdown_seconds: PositiveSeconds = Field(
        default=25.0,
        description="How long a stop waits for requests and calls in flight; keep it below the supervisor's patience.",
    )
    accounts: Annotated[Frozen[Name, Account], AfterValidator(_with_base_urls)] = Field(
        default_factory=lambda: MappingProxyType({}), description="VTEX accounts by name."
    )
    groups: Frozen[Name, Group] = Field(
        default_factory=lambda: MappingProxyType({}),
        description="Groups of accounts that share a carrier's contract, by name.",
    )
    declared: Frozen[Name, Frozen[str, JsonValue]] = Field(
        default_factory=lambda: MappingProxyType({}),
        description="Carriers described by expressions instead of an adapter, by slug.",
    )
    tokens: tuple[Token, ...] = Field(default=(), description="Tokens of operators and scripts, as digests.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the hook's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the arguments only."""
        return (init_settings,)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse settings that contradict each other."""
        tree: dict[str, Any] = self.model_dump()
        if problems := contradictions(tree):
            raise Contradictory(problems)
        return self
