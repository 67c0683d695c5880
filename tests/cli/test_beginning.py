"""`serve` is read without the library that reads arguments, and as that reads it."""

import sys
from pathlib import Path

import pytest

from app.cli.beginning import main, plainly_served
from app.cli.collecting import run


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        ("serve", (None, None, "all")),
        ("serve --host 0.0.0.0 --port 8080", ("0.0.0.0", 8080, "all")),
        ("serve --role ingest --port 0", (None, 0, "ingest")),
    ],
)
def test_what_the_documentation_writes_is_read(arguments: str, read: tuple[object, ...]) -> None:
    serve = plainly_served(arguments.split())

    assert serve is not None
    assert (run, read) == (getattr(serve, "func", None), getattr(serve, "args", None))


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "--version",
        "sandbox --port 1",
        "serve --help",
        "serve --port",
        "serve --port=8080",
        "serve --port 65536",
        f"serve --port {'9' * 5000}",
        "serve --port x",
        "serve --port -1",
        "serve --port 1 --port 2",
        "serve --host --port",
        "serve --role somebody",
        "serve here now",
    ],
)
def test_all_else_is_left_to_the_library(arguments: str) -> None:
    assert plainly_served(arguments.split()) is None


@pytest.mark.parametrize("arguments", [["serve"], ["serve", "--port=0"]])
def test_wrong_settings_end_both_ways_alike(
    arguments: list[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "relay.toml").write_text("max_body_byte = 1\nlisten = 'here'\n")
    monkeypatch.setattr(sys, "argv", ["carrier-relay", *arguments])

    with pytest.raises(SystemExit) as ended:
        main()

    output = capsys.readouterr()
    assert (3, "") == (ended.value.code, output.out)
    assert 2 == len(output.err.splitlines())
    assert all(line.startswith("carrier-relay: ") for line in output.err.splitlines())
