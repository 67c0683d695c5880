"""The commands about accounts say over the running relay's interface what an operator wants to know."""

import json
import os
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.application import application
from app.cli.exits import ExitCode
from tests.accounts.stage import ORDER, Stage

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against a stage's relay, from a folder that knows nothing of it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in os.environ:
        if name.upper().startswith("RELAY_"):
            monkeypatch.delenv(name)

    def run(stage: Stage, *arguments: str, token: str = "operator") -> Result:
        environment = {"RELAY_OPS_URL": stage.url, "RELAY_OPS_TOKEN": f"token-of-{token}"}
        return CliRunner().invoke(application, ["accounts", *arguments], env=environment)

    return run


@pytest.fixture
def live(stage: Stage) -> Stage:
    stage.start_relay()
    stage.seed()
    return stage


def test_accounts_are_listed_with_what_waits_and_why_one_is_not_called(live: Stage, run: Run) -> None:
    live.scan("Em trânsito", "04/03/2026 14:20")
    live.ops("POST", "/accounts/other/pause", json={"reason": "not open yet"})

    assert [
        "ACCOUNT  STATE    MODE  HISTORY               DUE  WAITING  DEAD  LAST SUCCESS",
        "demo     open     live  auto: not learnt yet  0    0        0     2026-03-04T18:00:00Z",
        "other    stopped  live  auto: not learnt yet  0    0        0     never",
        "",
        "other is stopped by an operator until it is resumed: not open yet",
    ] == run(live).stdout.splitlines()


def test_scripts_get_what_the_interface_answers(live: Stage, run: Run) -> None:
    assert live.ops("GET", "/accounts").json() == json.loads(run(live, "--json").stdout)
    assert live.account() == json.loads(run(live, "show", "demo", "--json").stdout)


def test_an_account_is_paused_resumed_and_shown(live: Stage, run: Run) -> None:
    paused = run(live, "pause", "demo", "--reason", "the shop is moving")
    assert "demo is stopped by an operator until it is resumed: the shop is moving\n" == paused.stdout
    assert paused.stdout.strip() in run(live, "show", "demo").stdout

    assert "demo is open.\n" == run(live, "resume", "demo").stdout
    assert "open" == live.account()["state"]


def test_a_refusal_is_told_in_the_relay_s_words(live: Stage, run: Run) -> None:
    probed = run(live, "probe", "demo")
    forbidden = run(live, "pause", "demo", "--reason", "why not", token="viewer")
    unknown = run(live, "show", "nobody")

    assert [ExitCode.FAILED] * 3 == [probed.exit_code, forbidden.exit_code, unknown.exit_code]
    assert (
        f"carrier-relay: the relay at {live.url} answered 409: demo is open: it is called already.\n" == probed.stderr
    )
    assert "answered 403: The token viewer has the role viewer; this takes operator." in forbidden.stderr
    assert "answered 404: There is no account 'nobody'" in unknown.stderr


def test_a_pause_without_a_reason_is_none(live: Stage, run: Run) -> None:
    assert ExitCode.BAD_INPUT == run(live, "pause", "demo").exit_code
    assert "open" == live.account()["state"]


def test_the_evidence_is_shown_and_forgotten_with_a_reset(live: Stage, run: Run) -> None:
    asked = {"verdict": "full", "order_id": ORDER, "reason": "a test"}
    assert live.ops("PUT", "/accounts/demo/history", json=asked).is_success

    shown = run(live, "show", "demo").stdout
    assert "auto: full; sends the whole timeline every time (full)" in shown
    assert f"2026-03-04T18:00:00Z  {ORDER}  earlier rows were gone: it replaces" in shown

    assert "auto: not learnt yet" in run(live, "reset-history", "demo", "--reason", "VTEX changed").stdout
    assert None is live.account()["verdict"]


def test_a_comparison_says_what_going_live_would_change(observed: Stage, run: Run) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.scan("Saiu para entrega", "04/03/2026 14:40")
    observed.clock.advance(minutes=10)
    observed.other_writer("Em trânsito", "2026-03-04T14:20:00-03:00")
    observed.other_writer("Nota fiscal emitida", "2026-03-03T09:00:00-03:00")
    observed.advance(hours=25)
    observed.settled()

    lines = run(observed, "compare", "demo").stdout.splitlines()

    assert "demo: 1 observed shipment" == lines[0]
    counts = {line.split()[0]: line.split()[1] for line in lines[1:6]}
    assert {"agree": "1", "reworded": "0", "missing": "1", "waiting": "0", "extra": "1"} == counts
    assert lines[6].startswith("  earlier by  10 min in the middle, nine of ten rows at most 10 min;")
    assert f"{ORDER} invoice 000045781" in lines[9]
    assert ["same", "missing", "extra"] == [line.split()[0] for line in lines[10:13]]
    assert [
        "What that means:",
        "  VTEX shows 1 row that the relay does not know of: find out who sends it before that writer is switched off",
        "  1 row that VTEX shows nothing of would appear",
        'To go live, set accounts.demo.mode = "live" and restart: what VTEX lacks is sent then, nothing twice.',
    ] == lines[-4:]


def test_shipments_that_agree_are_only_counted_unless_asked_for(observed: Stage, run: Run) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")
    observed.other_writer("Em trânsito", "2026-03-04T14:20:00-03:00")
    observed.advance(minutes=1)
    observed.settled()

    whole = run(observed, "compare", "demo").stdout
    assert ORDER not in whole
    assert "  The relay would have shown everything that the other writer shows, in the same words" in whole
    assert ORDER in run(observed, "compare", "demo", "--show", "same").stdout
    assert "Nothing was observed yet" in run(observed, "compare", "demo", "--since", "2026-03-05").stdout


def test_more_than_the_limit_is_counted(observed: Stage, run: Run) -> None:
    for number in range(1, 4):
        observed.seed(f"152710386958{number}-01", f"00004579{number}", f"QX00451235{number}BR")
        observed.scan("Em trânsito", "04/03/2026 14:20", f"QX00451235{number}BR")
    observed.advance(hours=25)
    observed.settled()

    lines = run(observed, "compare", "demo", "--limit", "1").stdout.splitlines()

    assert 1 == sum(" invoice " in line for line in lines)
    assert "… and 2 more shipments; --limit shows them, --show one kind of them." in lines
    assert not any(" invoice " in line for line in run(observed, "compare", "demo", "--limit", "0").stdout.splitlines())


def test_a_comparison_can_be_refreshed_and_written_as_json(observed: Stage, run: Run) -> None:
    observed.scan("Em trânsito", "04/03/2026 14:20")

    compared = run(observed, "compare", "demo", "--refresh", "--json")

    assert "Reading the orders of 1 observed shipments again.\n" == compared.stderr
    assert {"totals", "items", "next"} == set(json.loads(compared.stdout))
    observed.settled()
    assert ["GET"] == [call["method"] for call in observed.calls()]


def test_an_account_that_is_live_has_nothing_to_compare(live: Stage, run: Run) -> None:
    shown = run(live, "compare", "demo").stdout

    assert 'Nothing was observed yet; demo is live: nothing is observed while mode is not "observe".' in shown


def test_a_relay_that_does_not_run_is_told_from_one_that_refuses(run: Run, stage: Stage) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        stage.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    silent = run(stage)
    assert ExitCode.UNAVAILABLE == silent.exit_code
    assert f"carrier-relay: no relay answers at {stage.url}: " in silent.stderr
    assert "start it with `carrier-relay serve`, or say where it is with --url or RELAY_OPS_URL" in silent.stderr

    stage.url = stage.vtex_url
    stranger = run(stage)
    assert ExitCode.FAILED == stranger.exit_code
    assert "is not a relay's operators' interface" in stranger.stderr


def test_a_token_is_asked_for(run: Run, live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in live.environment().items():
        monkeypatch.setenv(name, value)

    without = CliRunner().invoke(application, ["accounts"])

    assert ExitCode.CONFIGURATION == without.exit_code
    assert "carrier-relay: no token for http://127.0.0.1:8080: set RELAY_OPS_TOKEN or give --token" in without.stderr


def test_address_and_token_can_be_options(run: Run, live: Stage) -> None:
    options = ["accounts", "show", "demo", "--url", f"{live.url}/", "--token", "token-of-viewer"]

    assert "demo is open." in CliRunner().invoke(application, options).stdout
