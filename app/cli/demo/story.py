"""What the demonstration tells: what runs, what happened, where to see it, and what to try next."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from app import __version__
from app.cli.demo.conversation import Conversation, Timeline
from app.cli.demo.parcels import ACCOUNT, Parcel
from app.cli.samples import signed_request
from app.cli.tables import aligned
from app.examples import FOLDER, example

__all__ = ["closing", "command", "opening", "page_of"]

_NEXT_SEND: Final = ("easypost", "delivered")
_NEXT_CURL: Final = ("jt-express-br", "delivered")
_NEXT_TRY: Final = ("mandae", "delivered")


def command() -> str:
    """Return how this program is called from the folder that it was started in."""
    if shutil.which("carrier-relay"):
        return "carrier-relay"
    started = Path(sys.argv[0])
    return _from_here(started) if started.name == "carrier-relay" else f"{shlex.quote(sys.executable)} -m app"


def page_of(vtex_url: str, parcel: Parcel) -> str:
    """Return the address of a parcel's order, as a page that keeps itself up to date."""
    return f"{vtex_url}/orders/{parcel.order_id}?account={ACCOUNT}&live=1"


def opening(url: str, vtex_url: str) -> Iterator[str]:
    """Say what was started."""
    yield f"carrier-relay {__version__}. No account is configured, so this is a demonstration; it ends without a trace."
    yield ""
    yield from aligned(
        [
            ("The relay", url, f"account {ACCOUNT!r}, new secrets, a database of its own"),
            ("Its VTEX", vtex_url, "the bundled sandbox, in memory"),
        ],
        indent="  ",
    )


def closing(talk: Conversation, timelines: Sequence[Timeline], folder: Path) -> Iterator[str]:
    """Say what was relayed, where to see it, and what to do next."""
    yield ""
    yield "Carriers' sample webhooks were signed, posted and relayed:"
    yield from aligned([_relayed(timeline) for timeline in timelines], indent="  ")
    yield ""
    yield "The first of each came before its order was invoiced; VTEX's order hook told the relay whose it is:"
    yield f"    {command()} hook show {ACCOUNT}"
    yield ""
    yield "Their shoppers see"
    yield from dict.fromkeys(f"  {page_of(talk.vtex_url, timeline.parcel)}" for timeline in timelines)
    yield ""
    yield "Next, in another terminal in this folder:"
    yield "  Deliver a parcel, and watch its page"
    yield f"    {command()} send {' '.join(_NEXT_SEND)}"
    yield "  The same by hand, signed; change one byte of the file and it is refused"
    yield f"    {_curl(talk, folder)}"
    yield "  Read a saved webhook without any relay"
    yield f"    {command()} try {_NEXT_TRY[0]} {_from_here(FOLDER / _NEXT_TRY[0] / f'{_NEXT_TRY[1]}.http')}"
    yield f"  Look a parcel up in the console, with this token: {talk.ops_token}"
    yield f"    {talk.ops_url}/console"
    yield "  List what came in"
    yield f"    curl -H 'Authorization: Bearer {talk.ops_token}' {talk.ops_url}/ops/v1/webhooks"
    yield "  Serve a real store: write relay.toml as README.md shows, and check it"
    yield f"    {command()} doctor"
    yield ""


def _relayed(timeline: Timeline) -> tuple[str, ...]:
    parcel, rows = timeline.parcel, timeline.rows
    count = len(parcel.cases)
    return (
        parcel.courier,
        parcel.tracking_number,
        f"{count} webhook{'' if count == 1 else 's'}",
        f"{rows} row{'' if rows == 1 else 's'}",
        "delivered" if timeline.is_delivered else "on its way",
    )


def _curl(talk: Conversation, folder: Path) -> str:
    """Write a sample's body to a file that lasts as long as the demonstration, and post it with its signature."""
    carrier, case = _NEXT_CURL
    request = signed_request(talk.source(carrier), example(carrier, case).webhook, talk.now())
    file = folder / f"{carrier}-{case}.body"
    file.write_bytes(request.body)
    headers = " ".join(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers.items())
    return f"curl -i {talk.url}{request.path} {headers} --data-binary @{shlex.quote(str(file))}"


def _from_here(path: Path) -> str:
    """Return a path as it is typed in the folder that the program was started in."""
    relative = os.path.relpath(path)
    return shlex.quote(str(path) if relative.startswith("..") else relative)
