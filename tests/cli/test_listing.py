"""`carriers` is the list that people choose from, and that scripts read."""

import json

from app.carriers import adapters
from app.cli.listing import needs
from tests.cli.conftest import Run


def test_every_carrier_is_listed_with_what_it_needs(run: Run) -> None:
    lines = run("carriers").stdout.splitlines()

    for slug, adapter in adapters().items():
        (line,) = [line for line in lines if line.split()[:1] == [slug]]
        assert adapter.name in line
        assert line.rstrip().endswith(", ".join(needs(adapter)) or adapter.maturity.value)


def test_scripts_get_the_same_as_json(run: Run) -> None:
    listed = json.loads(run("carriers", "--json").stdout)

    assert list(adapters()) == [each["slug"] for each in listed]
    assert listed[0] == json.loads(run("carriers", listed[0]["slug"], "--json").stdout)
    assert {
        "slug",
        "name",
        "maturity",
        "documentation",
        "verification",
        "binds_body",
        "needs",
        "methods",
        "media_types",
        "zone",
        "redelivery",
        "resend",
        "version",
        "countries",
        "pushes",
        "reports",
        "references",
        "setup",
        "traps",
        "cases",
    } == set(listed[0])


def test_one_carrier_is_shown_with_the_lines_that_configure_it(run: Run) -> None:
    signed, unsigned = run("carriers", "easypost").stdout, run("carriers", "mandae").stdout

    assert "[accounts.<account>.carriers.easypost]\n  secrets = " in signed
    assert "  path_key = " in unsigned
    assert "  unsigned = true" in unsigned
    assert "delivered" in unsigned


def test_an_unknown_carrier_ends_with_2_and_names_the_nearest(run: Run) -> None:
    result = run("carriers", "mande")

    assert (2, "") == (result.exit_code, result.stdout)
    assert "did you mean mandae?" in result.stderr
