"""From settings to sources, checked against the carriers there are: what webhooks are taken in by."""

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from app.adapter import Adapter
from app.errors import ConfigurationError
from app.numbering import NumberRule, Rule
from app.settings import Settings, nearest, variable
from app.settings import Source as SourceSettings
from app.source import Source, Sources
from app.verification import Credentials

__all__ = [
    "adapters_of",
    "hook_keys_of",
    "rules_of",
    "sources_of",
    "together",
]


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
    if not settings.declared:
        return known
    from app.declared import declare  # noqa: PLC0415 - few declare any, and none of it is needed for those with a file

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
