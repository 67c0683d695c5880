"""Try a running relay with its own description: ``python -m tests.fuzz.service --cases 10000``.

Needs what ``make schemathesis`` installs. Of each operation of `/openapi.json` as many requests are made up, half of
them against the description's rules, and every answer is held to all of schemathesis' checks. Three of five webhooks
are signed as their carrier would, so that they are taken in and read. Webhooks are exempt from one check alone: what a
proven carrier sends is stored whatever it says, and shown as unmappable when nothing can be made of it.
"""

import argparse
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Event
from typing import Any, Final
from urllib.parse import urlsplit

from app.adapter import Adapter
from app.carriers import adapters
from app.errors import RelayError
from app.model import Webhook
from app.verification import Credentials, RsaJwks, Unsigned, seal, ways

ROOT: Final = Path(__file__).parents[2]
TOKEN: Final = "an-invented-token-of-an-admin"
SECRET: Final = "client-of-ours:an-invented-secret-of-a-good-length"
PATH_KEY: Final = "an-invented-path-key"
ACCOUNT: Final = "demo"
_SIGNED: Final = 0.6
_START_SECONDS: Final = 60.0
_ANSWER_SECONDS: Final = 120.0
"""A machine with too much to do may be slow, and the relay is not wrong for it."""
_HEAD: Final = """
listen = "127.0.0.1:{port}"
log_level = "warning"
max_refusals_per_minute = 1000000
[[tokens]]
name = "fuzz"
role = "admin"
sha256 = "{digest}"
[accounts.demo]
app_key = "vtexappkey-demo-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "http://127.0.0.1:9"
mode = "observe"
"""


@dataclass
class Tried:
    """What was sent, and what was wrong with the answers."""

    cases: int = 0
    webhooks: int = 0
    taken_in: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)
    """The first of each kind, by operation and kind."""


def configuration(port: int) -> str:
    """Write a configuration with every carrier, each with all that it can have."""
    parts = [_HEAD.format(port=port, digest=hashlib.sha256(TOKEN.encode()).hexdigest())]
    for adapter in adapters().values():
        parts.append(f"[accounts.demo.carriers.{adapter.slug}]\n")
        if adapter.verification.needs_secret:
            parts.append(f'secrets = ["{SECRET}"]\n')
        if _is_unsigned(adapter):
            parts.append(f'unsigned = true\npath_key = "{PATH_KEY}"\n')
    return "".join(parts)


def _is_unsigned(adapter: Adapter) -> bool:
    return not adapter.verification.needs_secret and any(
        isinstance(way, Unsigned) for way in ways(adapter.verification)
    )


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a relay of its own, and hand out its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "relay.toml").write_text(configuration(port), "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("RELAY_")}
    with (folder / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline, pause = time.monotonic() + _START_SECONDS, Event()
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((folder / "relay.log").read_text("utf-8", "replace")[-3000:])
            pause.wait(0.1)
        yield f"http://127.0.0.1:{port}"
        if process.poll() is not None:
            raise SystemExit(f"the relay ended with {process.returncode}")
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def signed(prepared: Any, adapter: Adapter) -> None:
    """Put the credentials of a carrier on a request that is about to be sent."""
    parts = urlsplit(prepared.url)
    body = prepared.body if isinstance(prepared.body, bytes) else (prepared.body or "").encode()
    webhook = Webhook(
        method=prepared.method,
        path=parts.path,
        query=parts.query,
        headers=tuple((name.lower(), str(value)) for name, value in prepared.headers.items()),
        body=body,
        received_at=datetime.now(UTC),
    )
    sealed = seal(adapter.verification, webhook, Credentials(secrets=(SECRET,)), datetime.now(UTC))
    for name in adapter.verification.headers:
        prepared.headers.pop(name, None)
    prepared.headers.update({name: value for name, value in sealed.headers if name != "content-length"})
    prepared.body = sealed.body
    prepared.headers["Content-Length"] = str(len(sealed.body))


def try_all(url: str, *, cases: int, seed: int, only: str | None) -> Tried:
    """Make up requests for every operation, and check the answers."""
    import schemathesis  # noqa: PLC0415 - only in an environment of its own

    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", timeout=_ANSWER_SECONDS)
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [each for each in operations if only is None or only in each.label]
    tried, dice = Tried(), Random(seed)  # noqa: S311 - repeatable, and no secret
    each = max(1, -(-cases // len(operations)))
    for number, operation in enumerate(operations, 1):
        _try(operation, url, tried, dice, each)
        print(f"{number}/{len(operations)} {operation.label}: {tried.cases} cases, {len(tried.findings)} findings")  # noqa: T201
    return tried


def _try(operation: Any, url: str, tried: Tried, dice: Random, each: int) -> None:
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 - as above
    from hypothesis.errors import Unsatisfiable  # noqa: PLC0415 - as above
    from schemathesis import GenerationMode  # noqa: PLC0415 - as above

    for mode, share in ((GenerationMode.POSITIVE, each - each // 2), (GenerationMode.NEGATIVE, each // 2)):
        if not share:
            continue

        @settings(
            max_examples=share,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            _send(case, url, tried, dice)

        with suppress(Unsatisfiable):  # An operation without parameters cannot be asked wrongly.
            send()


def _send(case: Any, url: str, tried: Tried, dice: Random) -> None:
    import requests  # noqa: PLC0415 - as above
    from schemathesis.checks import load_all_checks  # noqa: PLC0415 - as above

    load_all_checks()
    adapter = _adapter_of(case.path)
    _aim(case, dice, is_webhook=adapter is not None)
    headers = {} if adapter else {"Authorization": f"Bearer {TOKEN}"}
    arguments = case.as_transport_kwargs(base_url=url, headers=headers)
    is_signed = False
    with requests.Session() as session:
        prepared = session.prepare_request(requests.Request(**{k: v for k, v in arguments.items() if k != "timeout"}))
        if adapter is not None and dice.random() < _SIGNED and not _only_the_carrier_signs(adapter):
            with suppress(RelayError, ValueError, IndexError):
                signed(prepared, adapter)
                is_signed = True
        response = session.send(prepared, timeout=_ANSWER_SECONDS, allow_redirects=False)
    tried.cases += 1
    tried.statuses[response.status_code] += 1
    if adapter is not None:
        tried.webhooks += 1
        tried.taken_in += response.status_code < 300
    try:
        case.validate_response(
            response, headers=headers, excluded_checks=_beyond(case, response, adapter, is_signed=is_signed)
        )
    except BaseExceptionGroup as group:
        for error in group.exceptions:
            kind = f"{case.operation.label}: {type(error).__name__}"
            tried.findings.setdefault(kind, f"{kind}\n{error}\n{response.status_code} {response.text[:400]}")


def _beyond(case: Any, response: Any, adapter: Adapter | None, *, is_signed: bool) -> list[Any]:
    """Name the checks that an answer does not fall under, because they cannot know why it is right."""
    from schemathesis.checks import not_a_server_error  # noqa: PLC0415 - only in an environment of its own
    from schemathesis.specs.openapi import checks  # noqa: PLC0415 - as above

    found: list[Any] = []
    if adapter is not None:
        # What a proven carrier sends is stored whatever it says; meaning comes later.
        found.append(checks.negative_data_rejection)
        if is_signed or adapter.probe_is_unsigned or not adapter.verification.needs_secret:
            # The check takes our signature for one that it made up, and knows neither keys in paths nor probes.
            found.append(checks.ignored_auth)
        if adapter.probe is not None and not response.content:
            # Probes are answered as their carriers want it, which is often with nothing.
            found += [checks.content_type_conformance, checks.response_schema_conformance]
    elif _lacks_its_token(case):
        # It was given the token all the same, and so has nothing wrong about it any more.
        found.append(checks.negative_data_rejection)
    if response.status_code == 422 or (adapter is not None and response.status_code == 400):
        # Cursors, names, filters and what is signed have rules that a schema cannot say: the answer names the field.
        found.append(checks.positive_data_acceptance)
    if response.status_code == 503 and "Retry-After" in response.headers:
        # There is no VTEX behind this relay, and a route that asks one says so.
        found.append(not_a_server_error)
    return found


def _lacks_its_token(case: Any) -> bool:
    parts = case.meta.components if case.meta else {}
    return any(place.value == "header" and part.mode.is_negative for place, part in parts.items())


def _only_the_carrier_signs(adapter: Adapter) -> bool:
    return any(isinstance(way, RsaJwks) for way in ways(adapter.verification))


def _adapter_of(path: str) -> Adapter | None:
    first, *rest = path.strip("/").split("/")
    return adapters().get(rest[0]) if first == "webhooks" and rest else None


def _aim(case: Any, dice: Random, *, is_webhook: bool) -> None:
    """Name what there is, mostly: an account and a key that nobody configured are soon tried enough."""
    given = case.path_parameters
    if not given:
        return
    for name, right in (("account", ACCOUNT), ("owner", ACCOUNT), ("key", PATH_KEY)):
        if name in given and (is_webhook or dice.random() < _SIGNED):
            given[name] = right


def main(arguments: Sequence[str] | None = None) -> int:
    """Try it, say what was found, and return 1 when anything was."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.service", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_400, help="how many requests at most, over all operations")
    parser.add_argument("--seed", type=int, default=0, help="repeat which of them are signed")
    parser.add_argument("--only", help="a part of the method and path of the operations to try")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="carrier-relay-fuzz-") as folder, running(Path(folder)) as url:
        tried = try_all(url, cases=options.cases, seed=options.seed, only=options.only)
    for finding in tried.findings.values():
        print(f"\n{finding}")  # noqa: T201 - the result
    print(  # noqa: T201 - the result
        f"{tried.cases} cases, {tried.webhooks} webhooks of which {tried.taken_in} were taken in, "
        f"statuses {dict(sorted(tried.statuses.items()))}, {len(tried.findings)} findings"
    )
    return 1 if tried.findings else 0


if __name__ == "__main__":
    sys.exit(main())
