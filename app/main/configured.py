"""From settings to what the pipeline works with: accounts and sources, checked against the carriers there are."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType

from app.account import Account, DateFormat, History, Locale
from app.adapter import Adapter
from app.declared import declare
from app.errors import ConfigurationError
from app.numbering import NumberRule, Rule
from app.settings import Account as AccountSettings
from app.settings import Settings, nearest, variable
from app.settings import Source as SourceSettings
from app.source import Source, Sources
from app.store import Retention
from app.verification import Credentials
from app.web.dependencies import ConsoleOptions, Forwarding, Role, Token

__all__ = [
    "accounts_of",
    "adapters_of",
    "console_of",
    "forwarding_of",
    "hook_keys_of",
    "retention_of",
    "rules_of",
    "sources_of",
    "together",
    "tokens_of",
]


def accounts_of(settings: Settings) -> dict[str, Account]:
    """Return the configured accounts by name."""
    return {name: _account(name, account) for name, account in settings.accounts.items()}


def _account(name: str, account: AccountSettings) -> Account:
    return Account(
        name=name,
        base_url=account.base_url.rstrip("/"),
        app_key=account.app_key.get_secret_value(),
        app_token=account.app_token.get_secret_value(),
        timezone=account.timezone,
        locale=Locale(account.locale),
        history=History(account.history),
        date_format=DateFormat(account.date_format),
        description=account.description,
        texts=account.texts,
        observe=account.mode == "observe",
        forward_milestones=None if account.forward_milestones is None else frozenset(account.forward_milestones),
        forward_from=account.forward_from,
        stale_after=account.stale_after,
        debounce=timedelta(seconds=account.debounce_seconds),
        retry_base=timedelta(seconds=account.retry_base_seconds),
        read_lag=timedelta(seconds=account.read_lag_seconds),
        prefer=tuple(account.prefer),
        voice_takeover=timedelta(hours=account.voice_takeover_hours),
        register_tracking=account.register_tracking,
        first_read=account.first_read,
        request_timeout=timedelta(seconds=account.request_timeout_seconds),
        rate_per_second=account.rate_per_second,
        concurrency=account.concurrency,
        feed=account.feed,
        sweep_every=timedelta(minutes=account.sweep_minutes) if account.sweep_minutes else None,
    )


def retention_of(settings: Settings) -> Retention:
    """Return how long things are kept."""
    return Retention(
        bodies=timedelta(days=settings.body_days),
        evidence=timedelta(days=settings.evidence_days),
        events=timedelta(days=settings.event_days),
        attempts=timedelta(days=settings.attempt_days),
        ledger=timedelta(days=settings.ledger_days),
        fingerprints=timedelta(days=settings.fingerprint_days),
        tallies=timedelta(days=settings.tally_days),
        unknown_codes=timedelta(days=settings.unknown_code_days),
        audit=None if settings.audit_days is None else timedelta(days=settings.audit_days),
    )


def hook_keys_of(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the keys that VTEX's order hook may send, newest first, of the accounts that have one."""
    return {
        name: tuple(key.get_secret_value() for key in (account.hook_key, *account.old_hook_keys))
        for name, account in settings.accounts.items()
        if account.hook_key is not None
    }


def adapters_of(settings: Settings, known: Mapping[str, Adapter]) -> Mapping[str, Adapter]:
    """Return the carriers that have a file and those that the settings declare, by slug.

    Raises:
        ConfigurationError: A declaration is wrong, or has the name of a known carrier; all problems at once.

    """
    found = dict(known)
    problems: list[str] = []
    for slug, table in settings.declared.items():
        if slug in known:
            problems.append(f"declared.{slug}: {known[slug].name} is known already; call yours {slug}-own, for example")
            continue
        try:
            found[slug] = declare(slug, table)
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(*problems)
    return MappingProxyType(dict(sorted(found.items())))


def sources_of(settings: Settings, known: Mapping[str, Adapter]) -> Sources:
    """Return the configured sources, of ``known`` carriers and of declared ones.

    Raises:
        ConfigurationError: A carrier does not exist or is declared wrongly, or a source could not verify anything; all
            problems at once.

    """
    adapters = adapters_of(settings, known)
    sources: list[Source] = []
    problems: list[str] = []
    for path, owner, members, slug, configured in _configured(settings):
        adapter = adapters.get(slug)
        if adapter is None:
            problems.append(_unknown_carrier(path, slug, adapters))
            continue
        problems += _closed_doors(path, configured, adapter)
        sources.append(_source(owner, members, configured, adapter))
    problems += _unknown_texts(settings, adapters)
    if problems:
        raise ConfigurationError(*problems)
    return Sources(sources, adapters)


def _configured(settings: Settings) -> Iterator[tuple[str, str, tuple[str, ...], str, SourceSettings]]:
    for name, account in settings.accounts.items():
        for slug, source in account.carriers.items():
            yield f"accounts.{name}.carriers.{slug}", name, (name,), slug, source
    for name, group in settings.groups.items():
        for slug, source in group.carriers.items():
            yield f"groups.{name}.carriers.{slug}", name, tuple(group.accounts), slug, source


def _source(owner: str, members: tuple[str, ...], configured: SourceSettings, adapter: Adapter) -> Source:
    return Source(
        owner=owner,
        accounts=members,
        adapter=adapter,
        credentials=Credentials(
            secrets=tuple(secret.get_secret_value() for secret in configured.secrets),
            header=configured.header,
            unsigned=configured.unsigned,
            networks=tuple(configured.networks),
            jwks_url=configured.jwks_url,
            signed_path=configured.signed_path,
        ),
        path_key=configured.path_key.get_secret_value() if configured.path_key else None,
        alias=configured.alias,
        zone=configured.timezone,
        milestones=dict(configured.statuses),
        number_rules=rules_of(configured),
    )


def together(settings: Settings) -> Callable[[str], tuple[str, ...]]:
    """Say which accounts shipments are sought among together with one: those of its groups, and of theirs."""
    found: dict[str, set[str]] = {}
    for group in settings.groups.values():
        whole = set(group.accounts).union(*(found.get(name, ()) for name in group.accounts))
        found.update(dict.fromkeys(whole, whole))
    known = {name: tuple(sorted(whole)) for name, whole in found.items()}
    return lambda account: known.get(account, (account,))


def rules_of(configured: SourceSettings) -> tuple[NumberRule, ...]:
    """Return how the numbers of a source's merchant hang together."""
    return tuple(
        NumberRule(rule=Rule(rule.rule), text=rule.value or rule.pattern or "", of=rule.of)
        for rule in configured.number_rules
    )


def _unknown_carrier(path: str, slug: str, adapters: Mapping[str, Adapter]) -> str:
    close = nearest(slug, adapters)
    advice = f"did you mean {close!r}?" if close else "carrier-relay carriers lists those there are"
    return f"{path} names no carrier; {advice}"


def _unknown_texts(settings: Settings, adapters: Mapping[str, Adapter]) -> Iterator[str]:
    """Find texts for codes of carriers that there are not."""
    for name, account in settings.accounts.items():
        for key in account.texts:
            slug, slash, _ = key.partition("/")
            if slash and slug not in adapters:
                yield _unknown_carrier(f"accounts.{name}.texts.{json.dumps(key, ensure_ascii=False)}", slug, adapters)


def _closed_doors(path: str, source: SourceSettings, adapter: Adapter) -> list[str]:
    """Say what a source lacks to verify anything: a door that nobody can pass, or one that everybody can."""
    scheme = adapter.verification
    if scheme.needs_secret and not source.secrets and not source.unsigned:
        name = f"{path}.secrets"
        return [f"{name} is missing ({variable(name)}): {adapter.name} proves itself by {scheme.describe()}"]
    is_proven = bool(source.secrets and scheme.headers)
    cannot_sign = not scheme.needs_secret and not scheme.binds_body and not is_proven
    if not (cannot_sign or source.unsigned):
        return []
    problems = []
    if not source.unsigned:
        why = f"{adapter.name} cannot sign its webhooks; say so, so that nobody is surprised"
        problems.append(f"{path}.unsigned must be true: {why}")
    if source.path_key is None:
        name = f"{path}.path_key"
        problems.append(
            f"{name} is missing ({variable(name)}): without a signature only a secret path keeps strangers out"
        )
    return problems


def console_of(settings: Settings) -> ConsoleOptions:
    """Say how the console greets people."""
    return ConsoleOptions(
        language=settings.console_language,
        idle=timedelta(minutes=settings.console_idle_minutes),
        proxy_roles={group: Role[role.upper()] for group, role in settings.console_proxy_roles.items()},
        proxy_user_header=settings.console_proxy_user_header,
        proxy_groups_header=settings.console_proxy_groups_header,
    )


def forwarding_of(accounts: Mapping[str, Account]) -> dict[str, Forwarding]:
    """Say how accounts are written to, for people."""
    return {
        name: Forwarding(
            is_observed=account.observe,
            history=account.history.value,
            since=account.forward_from,
            rate_per_second=account.rate_per_second,
            concurrency=account.concurrency,
            timezone=account.timezone,
            locale=account.locale.value,
        )
        for name, account in accounts.items()
    }


def tokens_of(settings: Settings) -> tuple[Token, ...]:
    """Return the tokens of the operators' interface."""
    return tuple(
        Token(
            name=token.name,
            role=Role[token.role.upper()],
            sha256=token.sha256,
            accounts=None if token.accounts is None else frozenset(token.accounts),
        )
        for token in settings.tokens
    )
