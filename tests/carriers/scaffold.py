"""Write the files of a carrier.

python -m tests.carriers.scaffold new SLUG       the carrier's module and its first cases
python -m tests.carriers.scaffold sign SLUG      sign the cases whose signature is missing or wrong
python -m tests.carriers.scaffold golden SLUG    write what the cases map to, for review
"""

import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from app.adapter import Adapter
from app.carriers import find, module_name
from app.errors import ConfigurationError, RelayError
from app.examples import FOLDER, Example, examples, load
from app.verification import Credentials, seal, verify
from tests.carriers.golden import as_text, golden
from tests.carriers.keys import sample_key

CARRIERS = Path(__file__).resolve().parents[2] / "app" / "carriers"

MODULE = '''"""{name}: one webhook carries one parcel with its newest status.

Page read {today}.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.model import CarrierEvent, Ignored, Milestone, Place, Webhook
from app.payload import json_body
from app.personal import PersonalData
from app.verification import Hmac

ZONE = "America/Sao_Paulo"

MILESTONES = {{
    "delivered": Milestone.DELIVERED,
}}

IGNORED = {{
    "label_printed": "A label was printed; the parcel is not there yet.",
}}

# Nothing of a person is in it so far: name what is, with kind and subject.
PERSONAL = PersonalData()


def parse(webhook: Webhook) -> Iterator[Result]:
    parcel = json_body(webhook)
    status, hub = parcel["status"].text(), parcel.get("hub")
    if status in IGNORED:
        yield Ignored(reason=IGNORED[status], code=status)
        return
    code, milestone, unknown = most_specific(MILESTONES, status)
    yield CarrierEvent(
        tracking_numbers=(parcel["tracking_number"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=parcel.get("occurred_at").moment("%d/%m/%Y %H:%M", zone=ZONE),
        place=Place(city=hub.get("city").text(), state=hub.get("state").text()),
        description=parcel.get("description").text(),
        raw=parcel.raw("status", "occurred_at", "description"),
    )


ADAPTER = Adapter(
    slug="{slug}",
    name="{name}",
    documentation="https://docs.{slug}.example/webhooks",
    maturity=Maturity.UNCONFIRMED,
    verification=Hmac(header="X-Signature"),
    milestones=MILESTONES,
    ignored=IGNORED,
    zone=ZONE,
    personal=PERSONAL,
    parse=parse,
    # What does it do about webhooks that were not taken? Say what its page tells; what it does not tell stays away.
    redelivery=Redelivery(),
)
'''

CASE = """POST /webhooks/{slug}/mystore HTTP/1.1
Content-Type: application/json
X-Fixture-Source: docs https://docs.{slug}.example/webhooks
X-Fixture-Received: {today}T12:00:00+00:00
X-Fixture-Secret: invented-secret

{body}"""

BODIES = {
    "delivered": '{"tracking_number":"AB0000017","status":"delivered","occurred_at":"21/11/2026 09:30",'
    '"description":"Entregue","hub":{"city":"Curitiba","state":"PR"}}',
    "label-printed": '{"tracking_number":"AB0000017","status":"label_printed"}',
}


def main(arguments: list[str]) -> int:
    """Run one command; its result is a list of the files written."""
    commands: dict[str, Callable[[str], Iterator[Path]]] = {"new": new, "sign": sign, "golden": write_golden}
    if len(arguments) != 2 or arguments[0] not in commands:
        sys.stderr.write(__doc__ or "")
        return 2
    command, slug = arguments
    try:
        written = list(commands[command](slug))
    except RelayError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write("".join(f"wrote {path}\n" for path in written) or "nothing to write\n")
    return 0


def new(slug: str, carriers: Path = CARRIERS, folder: Path = FOLDER) -> Iterator[Path]:
    """Write a carrier's module and first cases, over nothing that exists."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise ConfigurationError(f"{slug!r} is no slug: lower-case letters, digits and single hyphens")
    fields = {"slug": slug, "name": slug.replace("-", " ").title(), "today": datetime.now(UTC).date().isoformat()}
    files = {carriers / f"{module_name(slug)}.py": MODULE.format(**fields)}
    files |= {folder / slug / f"{name}.http": CASE.format(body=body, **fields) for name, body in BODIES.items()}
    existing = [path.name for path in files if path.exists()]
    if existing:
        raise ConfigurationError(f"{slug} exists already: {', '.join(existing)}")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")
        yield path


def sign(slug: str, folder: Path = FOLDER) -> Iterator[Path]:
    """Sign the cases of a carrier that verification refuses now, each with the secret that it names."""
    adapter = find(slug)
    for path in sorted((folder / slug).glob("*.http")):
        example = load(path)
        if not _is_accepted(adapter, example):
            moment = example.webhook.received_at
            credentials, secret = _signing(example)
            webhook = seal(adapter.verification, example.webhook, credentials, moment)
            path.write_bytes(_with_headers(path.read_bytes(), dict(webhook.headers), secret) + webhook.body)
            yield path


def write_golden(slug: str, folder: Path = FOLDER) -> Iterator[Path]:
    """Write what a carrier's cases map to, where that changed; orphaned expectations go."""
    adapter = find(slug)
    examples.cache_clear()
    for path in sorted((folder / slug).glob("*.http")):
        expected = path.with_suffix(".json")
        text = as_text(golden(adapter, load(path)))
        if not expected.exists() or expected.read_text("utf-8") != text:
            expected.write_text(text, "utf-8")
            yield expected
    for expected in sorted((folder / slug).glob("*.json")):
        if not expected.with_suffix(".http").exists():
            expected.unlink()


def _is_accepted(adapter: Adapter, example: Example) -> bool:
    """Tell whether the case is proven, or needs no proof: a test call that comes unsigned."""
    if adapter.probe and adapter.probe_is_unsigned and adapter.probe(example.webhook) is not None:
        return True
    try:
        verify(adapter.verification, example.webhook, example.credentials, example.webhook.received_at)
    except RelayError:
        return False
    return True


def _signing(example: Example) -> tuple[Credentials, str | None]:
    """Return what to sign with, and the secret to write into the case: only carriers hold their private keys."""
    if example.secret and example.secret.lstrip().startswith("{"):
        return Credentials(private_key=sample_key().private), sample_key().jwks
    return example.credentials, example.secret


def _with_headers(content: bytes, headers: dict[str, str], secret: str | None) -> bytes:
    """Return a case's head with its headers' values replaced and new ones added before those about the case."""
    newline = b"\r\n" if b"\r\n\r\n" in content else b"\n"
    request, *lines = content.partition(newline * 2)[0].split(newline)
    missing = dict(headers)
    head, about = [], []
    for line in lines:
        name = line.partition(b":")[0].decode("latin-1")
        value = missing.pop(name.lower(), None)
        if name.lower() == "x-fixture-secret" and secret is not None:
            about.append(f"{name}: {quote(secret, safe='')}".encode())
        elif name.lower().startswith("x-fixture-"):
            about.append(line)
        elif value is not None:
            head.append(f"{name}: {value}".encode("latin-1"))
    head.extend(f"{name}: {value}".encode("latin-1") for name, value in missing.items())
    return newline.join([request, *head, *about]) + newline * 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
