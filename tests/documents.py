"""The reference pages under ``docs/`` and the example environment, made from the code they describe.

``make docs`` writes them; `tests/test_documentation.py` holds them to the code.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from app.adapter import Adapter
from app.briefing import BRIEFINGS, NOT_BRIEFED, WITHOUT_PUSH, Briefing
from app.carriers import adapters
from app.settings import SettingDoc, describe_settings
from app.telemetry import describe_metrics
from app.web.catalogue import CATALOGUE
from app.web.routes import document
from tests.data_map import data_map, data_map_in_portuguese

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"

DEPENDENCIES: Final[Mapping[str, str]] = {
    "alembic": "Brings databases from one release's schema to the next, forward only.",
    "cryptography": "Verifies RSA signatures.",
    "fastapi": "Serves the operators' interface and its description; webhooks pass in front of it.",
    "httptools": "Parses HTTP for the server and for outgoing calls, in C.",
    "httpx": "Gives outgoing calls their types and their trusted authorities; used in one package.",
    "jinja2": "Renders pages, escaping everything by default.",
    "jmespath": "Reads the expressions of carriers that are declared in the configuration.",
    "psycopg[binary]": "Reaches PostgreSQL, by the libpq that it brings",
    "prometheus-client": "Counts, and answers `/metrics`.",
    "pydantic": "Checks what crosses an edge: settings, requests of operators, VTEX's objects.",
    "pydantic-settings": "Reads settings from variables and files.",
    "sqlalchemy": "Writes every SQL statement for either engine (Core only, no ORM).",
    "typer": "Turns functions into commands with help texts and completion.",
    "tzdata": "Brings the time zones that slim images lack.",
    "uvicorn": "Serves HTTP.",
    "uvloop": "Runs the event loop, in C.",
}


def configuration() -> str:
    """Write the page of settings."""
    parts = [
        "# Settings",
        "",
        "Every setting has a name in TOML and a variable. Variables go before secret files (`RELAY_SECRETS_DIR`),",
        "these before the TOML file or folder (`RELAY_CONFIG`, by default `relay.toml` where there is one).",
        "Lists replace. A name that does not exist stops the start, and the message says which one was probably meant.",
        "",
    ]
    parts += [line for setting in describe_settings() for line in _setting(setting)]
    return "\n".join(parts).rstrip() + "\n"


def _setting(setting: SettingDoc) -> list[str]:
    default = "must be set" if setting.default is None else f"`{setting.default}`"
    return [
        f"## `{setting.path}`",
        "",
        setting.description,
        "",
        f"- Variable: `{setting.variable}`",
        f"- Takes: {setting.type}",
        f"- Default: {default}",
        "",
    ]


def environment() -> str:
    """Write the example of an environment file: every setting, switched off, with its default."""
    names = {"<ACCOUNT>": "MYSTORE", "<GROUP>": "BRANDS", "<CARRIER>": "EASYPOST"}
    parts = [
        "# Every setting as a variable; take the # off what you set. docs/configuration.md says the same in TOML.",
        "# An account's, a group's and a carrier's name stand in upper case with _ for -, as MYSTORE here.",
        "",
    ]
    for setting in describe_settings():
        # A list's items are set with the list, and a declared carrier has a table of its own.
        if "[]" in setting.path or setting.path.startswith("declared"):
            continue
        variable = setting.variable
        for placeholder, name in names.items():
            variable = variable.replace(placeholder, name)
        default = setting.default or ""
        value = "" if default == "null" or default.startswith("http") else default.removeprefix('"').removesuffix('"')
        quoted = f"'{value}'" if value[:1] in {"[", "{"} else value
        parts += [f"# {setting.description}", f"# Takes: {setting.type}", f"#{variable}={quoted}", ""]
    return "\n".join(parts).rstrip() + "\n"


def metrics() -> str:
    """Write the page of metrics."""
    rows = [
        f"| `{metric.name}` | {metric.type} | {', '.join(f'`{label}`' for label in metric.labels) or '–'} "
        f"| {_cell(metric.description)} |"
        for metric in describe_metrics()
    ]
    head = [
        "# Metrics",
        "",
        "`GET /metrics` answers in Prometheus' text format. Labels come from closed sets: a value that is in none of",
        "them counts as `other`, so that nobody outside can grow the number of series.",
        "",
        "| metric | kind | labels | meaning |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows]) + "\n"


def problems() -> str:
    """Write the page of errors."""
    parts = [
        "# Errors",
        "",
        "Errors are `application/problem+json` documents (RFC 9457). Their `type` is `/problems/<slug>`; that address",
        "answers with the same words. A refusal carries the `id` under which operators find it.",
        "",
    ]
    for problem in CATALOGUE.values():
        parts += [f"## `{problem.slug}` ({problem.status})", "", f"**{problem.title}.** {problem.meaning}", ""]
        parts += [f"What to do: {problem.remedy}", ""]
    return "\n".join(parts).rstrip() + "\n"


def carriers() -> str:
    """Write the page of carriers."""
    known = adapters()
    parts = [
        "# Carriers",
        "",
        "What is known of each, and how well: `documented` adapters were made from the carrier's documentation or from",
        "several public receivers; `unconfirmed` ones from what others wrote; `sandbox` and `live` ones have captured",
        "examples. None is called `live` before its webhooks were seen. `carrier-relay carriers brief SLUG` writes",
        "what a carrier's engineer needs: address, proof, a signed call to try, answers and retries.",
        "",
        "| carrier | slug | delivers in | pushes | reports | proves itself by | references carried | grade | page |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_carrier(adapter, BRIEFINGS.get(adapter.slug, NOT_BRIEFED)) for adapter in known.values()),
        "",
        "*Pushes* says who posts: the carrier or service **itself**, **through** another one, or nobody, so that a",
        "program of the customer posts the documents it asked for. *Scans* are all that the carrier records;",
        "*milestones* are only the main steps, such as posted and delivered.",
        "",
        "*What was not taken* says of each, below, what becomes of its webhooks when the relay was down or refused",
        "them, as far as the carrier tells. [The runbook](runbook.md#what-was-not-taken) says how it is used.",
        "",
        "## Carriers that push nothing",
        "",
        "They were looked into, and no way to be told was found. Their events come through a service that asks them:",
        "",
        "| carrier | delivers in | what there is | what to use |",
        "| --- | --- | --- | --- |",
        *(
            f"| {each.name} | {', '.join(each.countries)} | {_cell(each.known)} | {_cell(each.instead)} |"
            for each in WITHOUT_PUSH
        ),
        "",
    ]
    for adapter in known.values():
        parts += _set_up(adapter, BRIEFINGS.get(adapter.slug, NOT_BRIEFED))
    return "\n".join(parts).rstrip() + "\n"


def _carrier(adapter: Adapter, briefing: Briefing) -> str:
    cells = (
        adapter.name,
        f"`{adapter.slug}`",
        ", ".join(briefing.countries),
        briefing.pushes,
        briefing.reports,
        adapter.verification.describe(),
        "; ".join(briefing.references),
        adapter.maturity.value,
        f"[page]({adapter.documentation})",
    )
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _set_up(adapter: Adapter, briefing: Briefing) -> list[str]:
    """Say how a carrier is set up, and what goes wrong."""
    zone = adapter.zone or "the account's"
    return [
        f"## {adapter.name}",
        "",
        f"Times without an offset are read in this zone: {zone}.",
        "",
        *_listed("Setting it up:", [f"{number}. {step}" for number, step in enumerate(briefing.setup, 1)]),
        f"What was not taken: {adapter.redelivery.describe()}" + f" {adapter.redelivery.ask}".rstrip(),
        "",
        *_listed("Worth knowing:", [f"- {trap}" for trap in briefing.traps]),
    ]


def _listed(title: str, lines: list[str]) -> list[str]:
    return [title, "", *lines, ""] if lines else []


def dependencies() -> str:
    """Write the page of runtime dependencies."""
    rows = [f"| `{name}` | {DEPENDENCIES[name]} |" for name in declared_dependencies()]
    head = [
        "# Dependencies",
        "",
        "What a running relay needs beside Python, and what for. `requirements/runtime.txt` pins these and what they",
        "need themselves, with hashes; `requirements/dev.txt` adds what building and testing need.",
        "",
        "| package | what it does here |",
        "| --- | --- |",
    ]
    return "\n".join([*head, *rows]) + "\n"


def declared_dependencies() -> list[str]:
    """List the names of the runtime dependencies."""
    declared: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return sorted(re.split(r"[;<>=! ]", requirement, maxsplit=1)[0] for requirement in declared)


def routes() -> str:
    """Write the page of routes, the carriers' own left to the page of carriers."""
    paths: Mapping[str, Mapping[str, Any]] = document(adapters())["paths"]
    head = [
        "# Routes",
        "",
        "The whole description, with every field and example, is `openapi/relay.json`; a running relay serves it at",
        "`/openapi.json`, and `/docs` lists it. Each carrier's own route and payload stand there, too.",
        "",
        "| route | what it does |",
        "| --- | --- |",
        "| `POST /webhooks/{carrier}/{account}` | A carrier delivers a webhook |",
        "| `POST /webhooks/{carrier}/{account}/{key}` | A carrier that cannot sign delivers a webhook |",
        "| `POST /webhooks/{carrier}/{account}/verify` | A carrier's engineer tries a signature; nothing is stored |",
        "| `GET /console` | The console: pages for operators and support, in [console.md](console.md) |",
    ]
    rows = [
        f"| `{method.upper()} {path}` | {_cell(operation.get('summary', ''))} |"
        for path, operations in sorted(paths.items())
        if not path.startswith("/webhooks/")
        for method, operation in operations.items()
        if isinstance(operation, Mapping)
    ]
    return "\n".join([*head, *rows]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "../deploy/env.example": environment,
    "carriers.md": carriers,
    "configuration.md": configuration,
    "data-map.md": data_map,
    "data-map.pt-BR.md": data_map_in_portuguese,
    "dependencies.md": dependencies,
    "metrics.md": metrics,
    "problems.md": problems,
    "routes.md": routes,
}


def main() -> None:
    """Write every page."""
    DOCS.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (DOCS / name).write_text(make())


if __name__ == "__main__":
    main()
