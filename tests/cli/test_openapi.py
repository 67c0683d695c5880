"""`openapi` writes the document that the repository keeps."""

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_a_file_and_standard_output_hold_the_same_document(run: Run, folder: Path) -> None:
    result = run("openapi", "--write", "openapi/relay.json")

    document = json.loads((folder / "openapi" / "relay.json").read_text("utf-8"))
    assert (0, "Wrote openapi/relay.json.\n") == (result.exit_code, result.stdout)
    assert json.loads(run("openapi").stdout) == document
    assert "/webhooks/easypost/{account}" in document["paths"]


def test_a_place_that_cannot_be_written_ends_with_2(run: Run, folder: Path) -> None:
    (folder / "file").write_text("")

    result = run("openapi", "--write", "file/relay.json")

    assert 2 == result.exit_code
    assert "--write file/relay.json" in result.stderr
