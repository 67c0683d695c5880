"""The commands about shipments: a file goes in, and what is wrong with it comes out."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, update
from typer.testing import Result

from app.cli.exits import ExitCode
from app.store import Store
from app.store.schema import numbers, shipments
from tests.accounts.stage import Stage
from tests.shipments.conftest import Run

HEAD = "order_id;invoice_number;tracking_numbers"


def test_a_file_is_imported_and_what_was_parked_is_placed(stage: Stage, run: Run) -> None:
    stage.seed()
    stage.scan("Em trânsito", "04/03/2026 14:20", "PARKED1")
    Path("parcels.csv").write_text(f"{HEAD}\nv1-01;000045782;PARKED1\nv2-01;2;A1;B1\nv3-01;;C1\n")

    result = run("shipments", "import", "parcels.csv", "--account", "demo")

    assert ExitCode.FAILED == result.exit_code
    assert [
        "line 3: it has 4 values where the first line names 3 columns; put values that hold ';' in quotation marks",
        "line 4, invoice_number: is empty; write it as VTEX has it, leading zeros kept",
    ] == result.stdout.splitlines()[:2]
    assert result.stdout.splitlines()[2].startswith("1 rows in: 1 new, 0 known, 2 refused; 1 waiting parcels found")
    listed = run("shipments", "list", "--number", "parked-1").stdout.splitlines()
    assert ["demo", "v1-01", "000045782"] == listed[1].split()[1:4]


@pytest.mark.parametrize("kind", [None, "ndjson"])
def test_standard_input_is_read_and_its_format_told(run: Run, kind: str | None) -> None:
    line = json.dumps({"account": "demo", "order_id": "v1-01", "invoice_number": "1", "tracking_numbers": ["A1"]})
    options = ["--format", kind] if kind else []

    result = run("shipments", "import", "-", "--json", *options, stdin=line.encode())

    assert ExitCode.OK == result.exit_code
    assert ("summary", 1) == tuple(json.loads(result.stdout)[name] for name in ("kind", "created"))


def test_without_a_terminal_progress_is_told_in_lines_apart_from_the_result(run: Run) -> None:
    rows = "".join(f"v{n}-01;{n};N{n}\n" for n in range(20_000))
    Path("many.csv").write_text(f"{HEAD}\n{rows}")

    result = run("shipments", "import", "many.csv", "--account", "demo")

    assert result.stdout.startswith("20000 rows in: 20000 new, 0 known; ")
    assert 5 <= len(result.stderr.splitlines()) <= 10
    assert "imported 100 % of" in result.stderr.splitlines()[-1]


def test_what_cannot_be_imported_is_told_with_its_exit_code(stage: Stage, run: Run) -> None:
    Path("wrong.csv").write_text("pedido;nota\n")
    Path("right.csv").write_text(f"{HEAD}\nv1-01;1;A1\n")

    wrong = run("shipments", "import", "wrong.csv", "--account", "demo")
    absent = run("shipments", "import", "absent.csv")
    viewer = run("shipments", "import", "right.csv", "--account", "demo", token="viewer")
    foreign = run("shipments", "import", "right.csv", "--account", "demo", token="other-operator")
    stage.stop_relay()
    gone = run("shipments", "import", "right.csv", "--account", "demo")

    assert "answered 422: line 1: pedido: is no column of an import" in wrong.stderr
    assert "carrier-relay: absent.csv cannot be read: No such file or directory\n" == absent.stderr
    assert "answered 403: The token viewer has the role viewer" in viewer.stderr
    assert "limited to other; demo is not among them" in foreign.stderr
    assert "no relay answers at" in gone.stderr
    codes = [each.exit_code for each in (wrong, absent, viewer, foreign, gone)]
    assert [ExitCode.FAILED, ExitCode.BAD_INPUT, ExitCode.FAILED, ExitCode.FAILED, ExitCode.UNAVAILABLE] == codes


def test_a_shipment_is_added_and_listed(stage: Stage, run: Run) -> None:
    added = run("shipments", "add", "demo", "v1-01", "000045781", "QX 1", "QX2", "--courier", "Example Express")
    again = run("shipments", "add", "demo", "v1-01", "000045781", "--json")
    run("shipments", "add", "demo", "v2-01", "2")

    id_ = json.loads(again.stdout)["id"]
    assert f"{id_} of demo: order v1-01, invoice 000045781: QX 1, QX2.\n" == added.stdout
    page = run("shipments", "list", "--limit", "1").stdout
    cursor = page.rpartition(" ")[2].strip()
    assert "v2-01" in page
    assert id_ in run("shipments", "list", "--cursor", cursor).stdout
    assert "No shipment fits.\n" == run("shipments", "list", "--order", "v9-01").stdout
    assert stage.ops("GET", "/shipments").json() == json.loads(run("shipments", "list", "--json").stdout)


def test_what_is_parked_is_summed_up_listed_shown_linked_and_taken_back(stage: Stage, run: Run) -> None:
    assert "Nothing waits for its shipment.\n" == run("parked").stdout
    stage.ops("POST", "/accounts/demo/pause", json={"reason": "a test"})
    stage.index("v1-01", "1", "KNOWN1")
    stage.scan("Em trânsito", "04/03/2026 14:20", "MISTYPED")

    assert ["SOURCE       CAUSE           PARKED", "demo/frenet  unknown-number  1"] == run(
        "parked"
    ).stdout.splitlines()
    subject = (
        run("parked", "list", "--cause", "unknown-number", "--carrier", "frenet").stdout.splitlines()[1].split()[0]
    )
    shipment = run("shipments", "list").stdout.splitlines()[1].split()[0]
    shown = run("parked", "show", subject).stdout
    assert "number:MISTYPED of demo/frenet is parked since 2026-03-04T18:00:00Z: no shipment with" in shown
    assert "No known shipment shares anything with it." in shown
    assert "Nothing fits.\n" == run("parked", "list", "--unmatched").stdout

    linked = run("parked", "link", subject, shipment, "--reason", "the label says so")
    assert f"number:MISTYPED of demo/frenet is linked to {shipment}.\n" == linked.stdout
    assert "Nothing waits for its shipment.\n" == run("parked").stdout
    again = run("parked", "link", subject, shipment, "--reason", "once more")
    assert (ExitCode.FAILED, True) == (again.exit_code, "answered 409" in again.stderr)
    assert "is parked since" in run("parked", "unlink", subject, "--reason", "the label was wrong").stdout
    assert stage.ops("GET", "/parked/causes").json() == json.loads(run("parked", "--json").stdout)
    assert ExitCode.BAD_INPUT == run("parked", "link", subject, shipment).exit_code
    assert ExitCode.FAILED == run("parked", "unlink", subject, "--reason", "x", token="viewer").exit_code


def test_an_account_that_left_is_erased_and_one_that_is_there_is_not(stage: Stage, run: Run) -> None:
    stage.index("v1-01", "1", "A1")
    stage.stop_relay()
    asyncio.run(_renamed(f"sqlite:///{stage.folder}/relay.db"))
    stage.start_relay()
    stage.index("v2-01", "1", "B1")

    def remove(account: str, *options: str, token: str = "admin", stdin: bytes | None = None) -> Result:
        return run("accounts", "remove", account, "--reason", "they left", *options, token=token, stdin=stdin)

    kept = remove("gone")
    asked = remove("gone", "--erase", stdin=b"demo\n")
    forbidden = remove("gone", "--erase", "--yes", token="operator")
    configured = remove("demo", "--erase", "--yes")
    done = remove("gone", "--erase", stdin=b"gone\n")
    again = remove("gone", "--erase", "--yes")

    codes = [each.exit_code for each in (kept, asked, forbidden, configured, done, again)]
    assert [ExitCode.BAD_INPUT, *[ExitCode.FAILED] * 3, ExitCode.OK, ExitCode.FAILED] == codes
    assert "answered 409: demo is still configured" in configured.stderr
    assert "gone is erased: 1 numbers, 1 shipments.\n" in done.stdout
    assert ["v2-01"] == [item["order_id"] for item in stage.ops("GET", "/shipments").json()["items"]]


async def _renamed(database_url: str) -> None:
    """Let what was stored be an account's that is not configured."""

    class Rename:
        def run(self, connection: Connection) -> None:
            for table in (shipments, numbers):
                connection.execute(update(table).values(account="gone"))

    store = Store.open(database_url)
    await store.write(Rename())
    await store.close()
