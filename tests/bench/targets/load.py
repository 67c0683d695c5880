"""Load by wrk, in a process and on a core of its own: signed webhooks, no two alike."""

import hashlib
import hmac
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.bench.targets.machine import LOAD_CORE, pinned
from tests.e2e.parcels import SECRET, parcels

__all__ = ["PLACEHOLDER", "Feed", "Loaded", "template", "webhook"]

PLACEHOLDER: Final = "@" * 9
_SIZE: Final = 2224
_SCRIPT: Final = Path(__file__).with_name("webhooks.lua")
_LONGEST_SECONDS: Final = 600


def template(scan: int = 1) -> bytes:
    """Make a webhook of one parcel with a placeholder for its number, as long as carriers' webhooks are."""
    (parcel,) = parcels(1, first=1)
    document = json.loads(parcel.webhook(scan, event=f"evt_{PLACEHOLDER}_{scan}"))
    document["result"] |= {"id": f"trk_{PLACEHOLDER}", "tracking_code": f"QX{PLACEHOLDER}BR", "public_url": ""}
    lacking = _SIZE - len(json.dumps(document, ensure_ascii=False).encode())
    document["result"]["public_url"] = "https://track.example/".ljust(lacking, "x")[: max(0, lacking)]
    return json.dumps(document, ensure_ascii=False).encode()


def webhook(number: int, scan: int = 1) -> tuple[bytes, str]:
    """Make one parcel's webhook and its signature."""
    body = template(scan).replace(PLACEHOLDER.encode(), b"%09d" % number)
    return body, "hmac-sha256-hex=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What wrk saw; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int
    broken: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Webhooks that were signed beforehand, those of the parcels from ``first`` on."""

    template: Path
    records: Path
    count: int

    @classmethod
    def make(cls, folder: Path, count: int, *, first: int = 1, scan: int = 1) -> Self:
        """Sign ``count`` webhooks."""
        pieces = template(scan).split(PLACEHOLDER.encode())
        started = hmac.new(SECRET.encode(), pieces[0], hashlib.sha256)
        records = bytearray()
        for number in range(first, first + count):
            digits = b"%09d" % number
            signing = started.copy()
            signing.update(digits + digits.join(pieces[1:]))
            records += digits + signing.hexdigest().encode()
        shape, signed = folder / f"template-{scan}", folder / f"records-{first}-{count}-{scan}"
        shape.write_bytes(template(scan))
        signed.write_bytes(records)
        return cls(template=shape, records=signed, count=count)

    def post(
        self, port: int, path: str, *, connections: int, seconds: int | None, first: int = 0, last: int | None = None
    ) -> Loaded:
        """Post for so many seconds, or until all were posted; every answer must be a good one."""
        last = self.count if last is None else last
        command = [
            *pinned(LOAD_CORE),
            *("wrk", "--threads", "1", "--connections", str(connections), "--script", str(_SCRIPT)),
            *("--duration", f"{seconds or _LONGEST_SECONDS}s", "--timeout", "20s", f"http://127.0.0.1:{port}{path}"),
            *(
                "--",
                str(self.template),
                str(self.records),
                str(first),
                str(last),
                *([str(connections)] if seconds is None else []),
            ),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        _, found, told = ended.stdout.partition("RESULT ")
        assert ended.returncode == 0 and found, f"wrk failed: {ended.stderr or ended.stdout}"  # noqa: PT018 - of one thing
        loaded = Loaded(**json.loads(told.splitlines()[0]))
        assert not loaded.refused, f"{loaded.refused} webhooks were refused"
        assert seconds is None or loaded.requests < last - first, "there were too few webhooks for the time"
        return loaded
