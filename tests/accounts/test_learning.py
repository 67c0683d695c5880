"""What `accounts learn` finds out on a test order, in accounts that store rows each in their way."""

import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from app.cli.accounts.learning import Learning, learn_account
from app.cli.application import application
from app.cli.exits import ExitCode
from app.sandbox import Credential, Mode
from tests.accounts.stage import INVOICE, ORDER, Stage, Start

Learn = Callable[..., Result]


@pytest.fixture
def learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Learn:
    """Run the command for account ``demo`` of a stage, in a folder without configuration."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("RELAY_"):
            monkeypatch.delenv(name)

    def learn(stage: Stage, *options: str, answer: str = "", **account: Any) -> Result:
        arguments = ["accounts", "learn", "demo", "--order", ORDER, "--invoice", INVOICE, *options]
        environment = stage.environment(**({"read_lag_seconds": 0} | account))
        environment |= {"RELAY_OPS_URL": stage.url, "RELAY_OPS_TOKEN": "token-of-operator"} if stage.url else {}
        return CliRunner().invoke(application, arguments, env=environment, input=answer)

    return learn


@pytest.mark.parametrize(
    ("mode", "storage", "identical", "history"),
    [
        ("append", "stands there twice (append)", "adds its row once more (2 before, 3 after)", "delta"),
        ("merge", "stands there once (merge)", "changes nothing", "delta"),
        ("replace", "earlier rows are gone (replace)", "changes nothing", "full"),
    ],
)
def test_each_way_of_storing_rows_is_told_from_the_others(
    start: Start, learn: Learn, mode: Mode, storage: str, identical: str, history: str
) -> None:
    stage = start(mode=mode)
    stage.seed()

    learnt = learn(stage, "--yes")

    assert ExitCode.OK == learnt.exit_code, learnt.stderr
    assert storage in learnt.stdout
    assert f"- The very same request once more {identical}." in learnt.stdout
    assert f'history = "{history}"' in learnt.stdout
    assert 10 == len(stage.puts())


def test_the_transcript_tells_how_dates_and_delivery_are_shown(stage: Stage, learn: Learn) -> None:
    stage.seed()

    text = learn(stage, "--yes").stdout

    readings = [line.split(" | ")[-1].removesuffix(" |") for line in text.splitlines() if "| 200 |" in line]
    assert ["midnight of UTC", "kept", "kept", "read as UTC"] == readings
    assert "- Times are shown with the offset +00:00." in text
    assert "- The date that is sent is shown in lastChange." in text
    assert 'date_format = "datetime"' in text
    assert "(read in UTC)" in text
    assert "- isDelivered false after it: finished is true, it stays delivered." in text
    assert "hook echoes a PUT: not checked here" in text


def test_an_account_that_can_be_undelivered_is_told(start: Start, learn: Learn) -> None:
    stage = start(delivered_is_sticky=False)
    stage.seed()

    assert "finished is false, VTEX counts it as not delivered any more" in learn(stage, "--yes").stdout


def test_what_will_be_written_is_shown_and_nothing_is_written_unless_that_is_wanted(stage: Stage, learn: Learn) -> None:
    stage.seed()

    refused = learn(stage, answer="n\n")
    assert ExitCode.FAILED == refused.exit_code
    assert 10 == refused.stderr.count("carrier-relay test ")
    assert "Write this? [y/N]" in refused.stderr
    assert [] == stage.puts()
    assert "# What a PUT" not in refused.stdout

    assert ExitCode.OK == learn(stage, answer="y\n").exit_code
    assert 10 == len(stage.puts())


def test_a_package_with_rows_is_somebody_s_unless_one_insists(stage: Stage, learn: Learn) -> None:
    stage.seed()
    stage.other_writer("Recebido por: Marina Exemplo", "2026-03-03T09:00:00-03:00")

    refused = learn(stage, answer="y\n")
    assert ExitCode.FAILED == refused.exit_code
    assert "the package has 1 rows already" in refused.stderr
    assert [] == stage.puts()

    insisted = learn(stage, "--yes")
    assert ExitCode.OK == insisted.exit_code
    assert "Before: 1 row, not finished: Recebido por: ***" in insisted.stdout


def test_a_delivered_package_is_somebody_s_unless_one_insists(stage: Stage, learn: Learn) -> None:
    stage.seed()
    stage.put(isDelivered=True)

    assert "counts as delivered already" in learn(stage, answer="y\n").stderr
    assert 1 == len(stage.puts())


def test_no_credential_is_in_the_transcript_and_the_file_holds_the_same(
    stage: Stage, learn: Learn, tmp_path: Path
) -> None:
    stage.seed()

    learnt = learn(stage, "--yes", "--write", "transcript.md")

    assert learnt.stdout == (tmp_path / "transcript.md").read_text("utf-8") + "\n"
    assert ORDER in learnt.stdout
    assert "an-app-" not in learnt.stdout + learnt.stderr


def test_applying_lets_the_relay_take_the_verdict_over(start: Start, learn: Learn) -> None:
    stage = start(mode="replace")
    stage.start_relay()
    stage.seed()

    learnt = learn(stage, "--yes", "--apply")

    assert ExitCode.OK == learnt.exit_code, learnt.stderr
    account = stage.account()
    assert ("full", [ORDER]) == (account["verdict"], [sample["order_id"] for sample in account["evidence"]])


def test_without_a_relay_to_apply_to_nothing_is_written(stage: Stage, learn: Learn) -> None:
    stage.seed()

    refused = learn(stage, "--yes", "--apply")

    assert ExitCode.CONFIGURATION == refused.exit_code
    assert "no token" in refused.stderr
    assert [] == stage.puts()


@pytest.mark.parametrize(
    ("status", "words"), [(429, "VTEX did not take a row A: 429"), (500, "VTEX did not take a row A: 500")]
)
def test_what_was_found_out_before_an_interruption_is_told(stage: Stage, learn: Learn, status: int, words: str) -> None:
    stage.seed()
    stage.fault(kind="error", status=status, route="put-tracking")

    interrupted = learn(stage, "--yes")

    assert ExitCode.FAILED == interrupted.exit_code
    assert f"not finished: {words}" in interrupted.stderr
    assert "- **Not finished**: VTEX did not take a row A" in interrupted.stdout
    assert "could not be told to add, merge or replace rows" in interrupted.stdout


def test_nothing_is_written_to_what_cannot_be_read(start: Start, learn: Learn) -> None:
    stage = start(credentials=(Credential(account="demo", app_key="an-app-key", app_token="another"),))
    stage.seed()

    refused = learn(stage, "--yes")

    assert ExitCode.FAILED == refused.exit_code
    assert f"nothing was written: the order {ORDER} cannot be read: 401" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("demo", "--order", "v999999none-01", "--invoice", INVOICE), ExitCode.FAILED, "cannot be read: 404"),
        (("demo", "--order", ORDER, "--invoice", "1"), ExitCode.FAILED, f"no sales invoice 1; it has {INVOICE}"),
        (("demo", "--order", ORDER, "--invoice", "4 5"), ExitCode.BAD_INPUT, "letters, digits, and . _ - only"),
        (("demmo", "--order", ORDER, "--invoice", "1"), ExitCode.BAD_INPUT, "configured: demo, other"),
    ],
)
def test_an_order_that_is_not_there_is_named(
    stage: Stage, learn: Learn, arguments: tuple[str, ...], code: ExitCode, words: str
) -> None:
    stage.seed()

    refused = CliRunner().invoke(application, ["accounts", "learn", *arguments, "--yes"], env=stage.environment())

    assert code == refused.exit_code
    assert words in refused.stderr
    assert [] == stage.puts()


@pytest.mark.parametrize(
    ("delay", "told"),
    [
        (12, "read_lag_seconds = 30  # the slowest write was shown after 15 s"),
        (100, "read_lag_seconds = more  # 1 accepted write not shown in time"),
    ],
)
def test_reads_that_lag_are_waited_for_and_the_lag_is_told(
    start: Start,
    learn: Learn,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    delay: float,
    told: str,
) -> None:
    stage = start(read_after_write_delay_seconds=delay)
    stage.seed()
    stage.clock.advance(seconds=200)
    for name, value in stage.environment(read_lag_seconds=5).items():
        monkeypatch.setenv(name, value)

    async def sleep(seconds: float) -> None:
        stage.clock.advance(seconds=seconds)

    with nullcontext() if delay < 50 else pytest.raises(typer.Exit):
        learn_account("demo", Learning(order=ORDER, invoice=INVOICE, yes=True), now=stage.clock, sleep=sleep)

    assert told in capsys.readouterr().out


def test_a_verdict_that_there_is_not_is_not_applied(
    start: Start, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = start(read_after_write_delay_seconds=100)
    stage.start_relay()
    stage.seed()
    for name, value in stage.environment(read_lag_seconds=0).items():
        monkeypatch.setenv(name, value)
    options = Learning(order=ORDER, invoice=INVOICE, yes=True, apply=True, url=stage.url, token="token-of-operator")

    with pytest.raises(typer.Exit) as ended:
        learn_account("demo", options, now=stage.clock)

    assert ExitCode.FAILED == ended.value.exit_code
    assert None is stage.account()["verdict"]
