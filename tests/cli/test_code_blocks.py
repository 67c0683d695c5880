"""Every command in a block of README and docs runs as it is written, or stands below with the reason why it does not.

Commands run in a shell, in a folder that looks like a clone after `make install`, in the order in which a page shows
them. Only what a test must not choose is changed: the ports, which others on this machine may have, and the digest of
the token that a reader makes for himself.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.cli.conftest import Start
from tests.cli.processes import clean_environment
from tests.documents import DOCS, ROOT
from tests.e2e.relay import free_port

pytestmark = pytest.mark.timeout(400)
"""A dozen commands one after the other, each a process of its own."""

README: Final = ROOT / "README.md"
TOKEN: Final = "an-invented-token-of-an-operator"
PROGRAMS: Final = re.compile(r"(?:\.venv/bin/|RELAY_\w+=\S+ )|(?:carrier-relay|curl|export|make|sha256sum|printf)\s")
"""How a command begins; a block that begins otherwise shows something, such as an answer."""
PAGES: Final = sorted(
    page for page in [*ROOT.glob("*.md"), *DOCS.glob("**/*.md")] if not page.name.endswith(".pt-BR.md")
)
ELSEWHERE: Final[Mapping[str, Mapping[str, str]]] = {
    "README.md": {
        "make run": "builds the environment that runs this test; `make fresh-test` types it on a bare Debian",
    },
    "CONTRIBUTING.md": {
        "make new-carrier SLUG=acme-log": "test_contributing.py follows that page",
        ".venv/bin/carrier-relay try acme-log saved.http --scrub delivered.http": "likewise",
        ".venv/bin/python -m tests.carriers.scaffold sign acme-log": "likewise",
        "make golden SLUG=acme-log": "likewise",
        "make docs": "likewise",
        ".venv/bin/pytest tests/test_retry.py": "runs with the tests that run this one",
        'make test PYTEST_ARGS="-k retry -x" PARALLEL=': "likewise",
        "make carrier SLUG=acme-log": "likewise",
        ".venv/bin/carrier-relay try acme-log app/examples/acme-log/delivered.http": "likewise",
        "make bench": "takes a quarter of an hour on a machine that nobody else uses; test_targets.py runs it in small",
        'make bench ARGS="--only 1 7 --rounds 3"': "likewise",
        "make bench-import": "takes minutes; tests/imports runs a hundredth of it",
        'make bench-import ARGS="--rows 100000 --rate 50"': "likewise",
        "RELAY_MACHINE=5000,60 .venv/bin/pytest tests/machine": "takes an hour; tests/machine runs a hundredth of it",
        "make planted": "takes minutes, and changes copies of the source; tests/planted runs one",
        "make bench-isolation": "takes twenty minutes on a machine that nobody else uses",
        "make bench-orders": "takes minutes on a machine that nobody else uses",
        'make bench-orders ARGS="--orders 5000 --rate 100 --kills 0.3 0.6"': "likewise",
        "make bench-hostile": "likewise",
        'make soak ARGS="--minutes 10"': "takes ten minutes",
        "make bench-replicas": "takes minutes; test_replicas.py runs it in small",
        "make bench-search": "likewise",
        'make bench-search ARGS="--webhooks 100000 --times 5"': "likewise",
        "make bench-cost": "takes minutes; test_cost.py runs it in small",
        'make bench-cost ARGS="--engine postgresql --parcels 400"': "likewise",
        "make simulate": "takes a minute; tests/simulation runs a small day",
        'make simulate ARGS="--against-relay"': "takes half a minute; tests/simulation runs a smaller one",
        'make fuzz TARGET=verification ARGS="--seconds 600"': "takes ten minutes; tests/fuzz runs a short one",
        "make schemathesis": "takes minutes, with a tool of its own",
    },
    "docs/console.md": {"sha256sum evidence-….json": "the reader's own file; tests/console proves the digest"},
    "docs/declared-carriers.md": {
        "carrier-relay try acme-log delivered.json": "the reader's own carrier; tests/declared runs those of deploy",
    },
    "docs/doctor.md": {"carrier-relay doctor": "test_doctor_mistakes.py makes the mistakes of that page"},
    "docs/performance.md": {
        "make bench": "takes a quarter of an hour on a machine that nobody else uses; test_targets.py runs it in small",
        'make bench ARGS="--only 1 7 --rounds 3"': "likewise",
        'make bench ARGS="--engine postgresql"': "likewise",
        "make bench-search": "takes a quarter of an hour; tests/bench runs it in small",
        'make bench-search ARGS="--engine postgresql"': "likewise",
    },
    "docs/privacy.md": {
        "": "its placeholders are the reader's; tests/web/test_ops_privacy.py asks for the same over HTTP"
    },
    "docs/sandbox.md": {"make storm": "test_storm.py runs a short one"},
    "docs/scale.md": {
        "make bench-cost": "takes minutes on a machine that nobody else uses",
        'make bench-cost ARGS="--engine postgresql --parcels 400"': "likewise",
        "make simulate": "takes a minute; tests/simulation runs a small day",
        'make simulate ARGS="--engine sqlite --debounce 0"': "likewise",
        'make simulate ARGS="--against-relay"': "tests/simulation runs a smaller one",
    },
    "docs/runbook.md": {"": "test_runbook.py types what is there at a relay in trouble"},
}
"""What is not run here, page by page, and why; nothing stands here that no page shows."""


def blocks(text: str) -> Iterator[str]:
    """Yield blocks of code: fenced ones for a shell, and indented ones."""
    yield from re.findall(r"^```(?:bash|sh|console)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for block in re.findall(r"(?:^(?: {4,}|\t).*\n)+", prose, re.MULTILINE):
        margin = min(len(line) - len(line.lstrip()) for line in block.splitlines())
        yield "".join(f"{line[margin:]}\n" for line in block.splitlines())


def commands(page: Path) -> list[str]:
    """Return the commands that a page shows, one that goes on over several lines as one."""
    found: list[str] = []
    for block in blocks(page.read_text("utf-8")):
        if not PROGRAMS.match(block):
            continue
        for line in block.splitlines():
            if PROGRAMS.match(line) or not found:
                found.append(line)
            else:
                found[-1] += f"\n{line}"
    return found


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def left_out(page: Path) -> Mapping[str, str]:
    return ELSEWHERE.get(named(page), {})


def to_run(page: Path) -> list[str]:
    return [command for command in commands(page) if command not in left_out(page) and "" not in left_out(page)]


@dataclass(kw_only=True)
class Clone:
    """A folder like a clone, in which a reader types."""

    folder: Path
    start: Start
    moved: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def serve(self, *arguments: str, settings: str = "") -> None:
        """Do in another terminal what the page says is to run there, on a port that is free."""
        if settings:
            (self.folder / "relay.toml").write_text(self.adapted(settings))
        self.start(*arguments, environment=clean_environment(**self.variables)).until_ready()

    def move(self, port: int) -> int:
        """Take a free port in the place of one that a page names."""
        free = free_port()
        self.moved[f"127.0.0.1:{port}"] = f"127.0.0.1:{free}"
        return free

    def adapted(self, text: str) -> str:
        for named, taken in self.moved.items():
            text = text.replace(named, taken)
        return text

    def typed(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.adapted(command)],
            cwd=self.folder,
            env=clean_environment(**self.variables),
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )

    def type_all(self, wanted: list[str]) -> None:
        """Type commands one after the other; each must end well."""
        failed = [(command, done) for command in wanted if (done := self.typed(command)).returncode != 0]
        assert [] == failed


@pytest.fixture
def clone(start: Start, folder: Path) -> Clone:
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "app").symlink_to(ROOT / "app")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return Clone(folder=folder, start=start, variables={"PATH": path})


def test_the_readmes_first_minutes(clone: Clone) -> None:
    shown = to_run(README)[:2]
    assert ["send", "try"] == [command.split()[1] for command in shown]
    clone.variables["RELAY_LISTEN"] = f"127.0.0.1:{clone.move(8080)}"
    clone.serve("serve")

    clone.type_all(shown)


def rehearsed(text: str) -> str:
    """Return the README's configuration with what it says is changed for a rehearsal."""
    block = re.search(r"```toml\n(.+?)```", text, re.DOTALL)
    rehearsal = re.search(r"`(base_url = \"[^`]+)` to the account, and\nlet `public_url` be `(\"[^`]+)`", text)
    assert block is not None
    assert rehearsal is not None
    settings = block[1].replace('"https://relay.shop.example"', rehearsal[2])
    settings = settings.replace("[accounts.mystore]", f"[accounts.mystore]\n{rehearsal[1]}\n#", 1)
    return settings.replace("0" * 64, digest_of(TOKEN))


@pytest.fixture
def store(clone: Clone) -> Clone:
    """Rehearse the README's store: a VTEX runs, and relay.toml is as the README has it."""
    text = README.read_text("utf-8")
    clone.variables |= {"RELAY_LISTEN": f"127.0.0.1:{clone.move(8080)}", "RELAY_OPS_TOKEN": TOKEN}
    (sandbox,) = re.findall(r"`\.venv/bin/(carrier-relay sandbox [^`]+)`", text)
    clone.serve(*sandbox.split()[1:], "--port", str(clone.move(8090)))
    (clone.folder / "relay.toml").write_text(clone.adapted(rehearsed(text)))
    return clone


def test_the_readmes_way_to_a_real_store(store: Clone) -> None:
    shown = to_run(README)[2:]
    before = store.typed(shown[0])
    assert shown[0].endswith("doctor")
    assert "0 problems" in before.stdout, before
    store.serve("serve")

    store.type_all(shown)
    # What stands in the text between.
    store.type_all(re.findall(r"`(carrier-relay backfill start [^`]+)`", README.read_text("utf-8")))


def test_the_move_from_an_app_that_polls(store: Clone) -> None:
    columns = re.search(r"`(account,[\w,]+)`", (DOCS / "moving.md").read_text("utf-8"))
    assert columns is not None
    (store.folder / "parcels.csv").write_text(f"{columns[1]}\nmystore,1527103869572-01,000045781,QX004512345BR\n")
    store.serve("serve")

    store.type_all(to_run(DOCS / "moving.md"))


def test_the_sandboxs_hook(clone: Clone) -> None:
    run, curl = to_run(DOCS / "sandbox.md")
    clone.variables["RELAY_LISTEN"] = f"127.0.0.1:{clone.move(8080)}"
    clone.serve(*run.split()[1:], "--port", str(clone.move(8090)))
    clone.serve(
        "serve",
        settings="""
        public_url = "http://127.0.0.1:8080"
        [accounts.demo]
        app_key = "k"
        app_token = "t"
        hook_key = "a-shared-secret"
        base_url = "http://127.0.0.1:8090"
        """,
    )

    clone.type_all([curl])


def test_the_guide_to_the_interface(store: Clone) -> None:
    page = DOCS / "api.md"
    exports = [command for command in to_run(page) if command.startswith("export")]
    settings = store.folder / "relay.toml"
    token = exports[1].partition("=")[2]
    settings.write_text(settings.read_text().replace(digest_of(TOKEN), digest_of(token)))
    store.serve("serve")
    unsigned = httpx.post(store.adapted("http://127.0.0.1:8080/webhooks/easypost/mystore"), json={})
    assert 401 == unsigned.status_code

    prepared = "\n".join(exports)
    store.type_all([f"{prepared}\n{command}" for command in to_run(page) if command not in exports])
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (store.folder / "guide.py").write_text("\n".join(blocks))
    done = store.typed(f"{prepared}\n.venv/bin/python guide.py")

    assert done.returncode == 0, done.stderr
    for shown in ("mystore open", "201 sh_", "1527103869572-01", "404 application/problem+json", "204"):
        assert shown in done.stdout
    assert re.search(r"^ref_\w+ \S", done.stdout, re.MULTILINE)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


RUN: Final[Mapping[str, Callable[[Clone], None]]] = {
    "README.md": test_the_readmes_way_to_a_real_store,
    "docs/sandbox.md": test_the_sandboxs_hook,
    "docs/moving.md": test_the_move_from_an_app_that_polls,
    "docs/api.md": test_the_guide_to_the_interface,
}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_of_a_page_is_run_or_said_not_to_be(page: Path) -> None:
    shown = commands(page)

    assert not to_run(page) or named(page) in RUN, f"{page.name} shows commands that nothing runs: {to_run(page)}"
    assert [] == [command for command in left_out(page) if command and command not in shown]


def test_what_is_left_out_is_left_out_of_a_page_that_there_is() -> None:
    assert set(ELSEWHERE) <= set(map(named, PAGES))
