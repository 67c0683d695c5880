"""From settings to what stands behind the webhooks: accounts, how long things are kept, and who operates."""

from collections.abc import Mapping
from datetime import timedelta

from app.account import Account, DateFormat, History, Locale
from app.egress import Resolve, guarded
from app.settings import Account as AccountSettings
from app.settings import Settings
from app.store import Retention
from app.web.dependencies import ConsoleOptions, Forwarding, Role, Token

__all__ = ["accounts_of", "console_of", "forwarding_of", "resolver_of", "retention_of", "tokens_of"]


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


def resolver_of(settings: Settings) -> Resolve:
    """Return what finds the addresses of hosts: those that the configuration names, and else public ones only."""
    accounts = settings.accounts.values()
    carriers = [carrier for account in accounts for carrier in account.carriers.values()]
    carriers += [carrier for group in settings.groups.values() for carrier in group.carriers.values()]
    key_sets = [carrier.jwks_url for carrier in carriers if carrier.jwks_url]
    return guarded([*(account.base_url for account in accounts), *key_sets], settings.egress_networks)
