"""Whatever can be said in TOML can be said in variables and secret files, with the same result."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.model import Milestone
from app.settings import Account, Group, Settings, Source, Token, load_settings, variable

Tree = dict[str, Any]

NOTHING = Path("/dev/null")

names = st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)
printable = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
# The one text that a variable cannot give to a setting that may be null.
secrets = printable.filter(lambda text: text.strip() and text != "null")
seconds = st.floats(min_value=0, max_value=1e6) | st.integers(min_value=0, max_value=1000)
positive = st.floats(min_value=1e-3, max_value=1e6) | st.integers(min_value=1, max_value=1000)
counts = st.integers(min_value=1, max_value=10**6)
milestones = st.sampled_from([milestone.value for milestone in Milestone])
zones = st.sampled_from(["America/Sao_Paulo", "America/Manaus", "UTC", "Europe/Lisbon"])
networks = st.lists(st.sampled_from(["192.0.2.0/24", "203.0.113.7/32", "2001:db8::/32"]), max_size=3)
urls = st.sampled_from(["https://relay.example", "https://relay.example/a/", "http://127.0.0.1:8099"])
path_keys = st.from_regex(r"[A-Za-z0-9._~-]{8,20}", fullmatch=True)
durations = st.sampled_from([90, 1.5, "15m", "36h", "2d"])

source_fields: dict[str, st.SearchStrategy[Any]] = {
    "secrets": st.lists(secrets, min_size=1, max_size=3),
    "header": st.sampled_from(["x-api-key", "Authorization"]),
    "path_key": path_keys,
    "unsigned": st.booleans(),
    "networks": networks,
    "timezone": zones,
    "jwks_url": st.just("https://keys.example/jwks"),
    "signed_path": st.just("/hooks/carrier"),
    "statuses": st.dictionaries(printable, milestones, max_size=3),
    "number_rules": st.lists(
        st.sampled_from(
            [
                {"rule": "strip-prefix", "value": "LOJA-", "of": "order"},
                {"rule": "from-invoice", "pattern": "MND{invoice:9}{series}"},
            ]
        ),
        max_size=2,
    ),
}
account_fields: dict[str, st.SearchStrategy[Any]] = {
    "base_url": urls,
    "hook_key": secrets,
    "old_hook_keys": st.lists(secrets, max_size=2),
    "mode": st.sampled_from(["live", "observe"]),
    "timezone": zones,
    "locale": st.sampled_from(["pt-BR", "es", "en"]),
    "description": st.sampled_from(["carrier", "phrase"]),
    "date_format": st.sampled_from(["datetime", "date", "utc", "wall_as_utc"]),
    "history": st.sampled_from(["auto", "delta", "full"]),
    "forward_milestones": st.lists(milestones, max_size=3),
    "texts": st.dictionaries(milestones, st.sampled_from(["Saiu para entrega", "No caminho"]), max_size=2),
    "forward_from": st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 1, 1)),
    "stale_after": durations,
    "debounce_seconds": seconds,
    "prefer": st.lists(names, max_size=3, unique=True),
    "voice_takeover_hours": positive,
    "register_tracking": st.booleans(),
    "first_read": st.booleans(),
    "feed": st.booleans(),
    "sweep_minutes": st.floats(min_value=0, max_value=10_080),
    "read_lag_seconds": seconds,
    "request_timeout_seconds": positive,
    "retry_base_seconds": positive,
    "rate_per_second": positive,
    "concurrency": counts,
}
global_fields: dict[str, st.SearchStrategy[Any]] = {
    "database_url": st.sampled_from(["sqlite:///data/other.db", "postgresql://relay:pass@db.example/relay"]),
    "database_pooled": st.booleans(),
    "lock_wait_seconds": seconds,
    "listen": st.sampled_from(["127.0.0.1:8080", "[::]:80"]),
    "ops_listen": st.just("127.0.0.1:9090"),
    "public_url": urls,
    "alert_url": st.just("https://hooks.example/invented?sig=secret"),
    "trusted_proxies": networks,
    "egress_networks": networks,
    "console_language": st.sampled_from(["auto", "en", "pt-BR"]),
    "console_idle_minutes": counts,
    "console_proxy_roles": st.dictionaries(printable, st.sampled_from(["viewer", "operator"]), max_size=2),
    "console_proxy_user_header": st.just("X-Auth-Request-Email"),
    "console_proxy_groups_header": st.just("X-Auth-Request-Groups"),
    "max_body_bytes": st.integers(min_value=1024, max_value=10**9),
    "body_seconds": positive,
    "max_decompressed_ratio": counts,
    "max_head_bytes": st.integers(min_value=1024, max_value=10**6),
    "max_headers": counts,
    "head_seconds": positive,
    "max_connections": counts,
    "max_address_connections": counts,
    "max_refusals_per_minute": counts,
    "refused_wait_seconds": positive,
    "max_refused_connections": counts,
    "strangers_at_a_time": counts,
    "max_document_depth": counts,
    "max_document_values": counts,
    "max_number_length": counts,
    "max_form_fields": counts,
    "min_free_bytes": st.integers(min_value=1024, max_value=10**9),
    "log_level": st.sampled_from(["debug", "info", "warning", "error"]),
    "log_format": st.sampled_from(["json", "text"]),
    "resolve_within_days": counts,
    "quiet_after_days": counts,
    "ledger_days": counts,
    "body_days": st.integers(1, 180),
    "evidence_days": st.integers(180, 10_000),
    "event_days": st.integers(1, 730),
    "attempt_days": counts,
    "fingerprint_days": st.integers(730, 10_000),
    "tombstone_days": counts,
    "tally_days": counts,
    "unknown_code_days": counts,
    "audit_days": counts,
    "refusals_max_count": counts,
    "refusals_max_bytes": st.integers(min_value=1024, max_value=10**9),
    "forward_slots": counts,
    "shutdown_seconds": positive,
}


def account_of(given: Tree) -> Tree:
    """Leave out what makes sense only beside what is not given."""
    return given if "hook_key" in given else {name: value for name, value in given.items() if name != "old_hook_keys"}


@st.composite
def configurations(draw: st.DrawFn) -> Tree:
    """Draw a valid configuration as TOML would hold it."""
    aliases = iter(range(10_000))

    def carriers() -> Tree:
        sources: Tree = draw(st.dictionaries(names, st.fixed_dictionaries({}, optional=source_fields), max_size=2))
        return {
            slug: source | ({"alias": f"alias-{next(aliases)}"} if draw(st.booleans()) else {})
            for slug, source in sources.items()
        }

    everybody = draw(st.lists(names, max_size=4, unique=True))
    accounts, groups = everybody[:2], everybody[2:]
    tree: Tree = draw(st.fixed_dictionaries({}, optional=global_fields))
    if not tree.get("trusted_proxies"):
        tree.pop("console_proxy_roles", None)
    tree["accounts"] = {
        name: account_of(
            draw(st.fixed_dictionaries({"app_key": secrets, "app_token": secrets}, optional=account_fields))
        )
        | {"carriers": carriers()}
        for name in accounts
    }
    tree["groups"] = {name: {"accounts": accounts, "carriers": carriers()} for name in groups if accounts}
    tokens: list[tuple[str, bool]] = draw(
        st.lists(st.tuples(st.sampled_from(["viewer", "admin"]), st.booleans()), max_size=2)
    )
    tree["tokens"] = [
        {"name": f"token-{number}", "role": role, "sha256": f"{number:064x}"}
        | ({"accounts": accounts} if accounts and is_limited else {})
        for number, (role, is_limited) in enumerate(tokens)
    ]
    tree["declared"] = draw(
        st.dictionaries(
            names, st.dictionaries(printable, printable | st.dictionaries(printable, milestones)), max_size=1
        )
    )
    return tree


def toml(value: object) -> str:
    """Write a value in TOML's inline form."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{toml(key)} = {toml(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def text(value: object) -> str:
    """Write a value as a variable holds it."""
    if isinstance(value, str | date):
        return str(value)
    return json.dumps(value)


def variables(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Write each setting of a tree as a variable of its own."""
    if path and not tree:
        yield variable(path), "{}"
    for key, value in tree.items():
        is_table = (
            isinstance(value, dict)
            and key not in {"statuses", "texts", "console_proxy_roles"}
            and path != ("declared",)
        )
        if is_table:
            yield from variables(value, (*path, key))
        else:
            yield variable((*path, key)), text(value)


def test_every_setting_takes_part() -> None:
    """Let a new setting fail here until the property below covers it."""
    assert {*source_fields, "alias"} == set(Source.model_fields)
    assert {*account_fields, "app_key", "app_token", "carriers"} == set(Account.model_fields)
    assert {*global_fields, "accounts", "groups", "tokens", "declared"} == set(Settings.model_fields)
    assert {"accounts", "carriers"} == set(Group.model_fields)
    assert {"name", "role", "sha256", "accounts"} == set(Token.model_fields)


@given(configurations())
def test_toml_variables_json_and_secret_files_give_identical_settings(tree: Tree) -> None:
    flat = dict(variables(tree))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "relay.toml"
        file.write_text("\n".join(f"{key} = {toml(value)}" for key, value in tree.items()), encoding="utf-8")
        secret_files = Path(folder) / "secrets"
        secret_files.mkdir()
        for name, value in flat.items():
            (secret_files / name.lower()).write_text(value, encoding="utf-8")
        expected = load_settings({}, file)
        assert load_settings({"RELAY_SECRETS_DIR": str(secret_files)}, NOTHING) == expected
    assert load_settings(flat, NOTHING) == expected
    whole = {variable((key,)): json.dumps(value, default=str) for key, value in tree.items() if value not in ({}, [])}
    plain = {name: flat[name] for name in whole if isinstance(tree[name.removeprefix("RELAY_").lower()], str)}
    assert load_settings(whole | plain, NOTHING) == expected
