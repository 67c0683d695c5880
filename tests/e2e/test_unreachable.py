"""A VTEX that cannot be reached: its name is unknown, or its certificate has expired. Webhooks are taken in as ever."""

import json
import ssl
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.processes import clean_environment
from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.gateway import Gateway
from tests.e2e.parcels import SCANS, Parcel, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import COMMAND, Relay, account, until
from tests.emulator import VtexEmulator
from tests.namespaces import bind, mounted

pytestmark = pytest.mark.timeout(300)

_DAY = timedelta(days=1)


def attempted(relay: Relay) -> set[str]:
    """Return what was said of the calls so far."""
    (shipment,) = relay.ask("shipments", limit=1)["items"]
    return {each["detail"] or "" for each in relay.ask(f"shipments/{shipment['id']}")["attempts"]}


def doctor(folder: Path, prefix: Sequence[str]) -> str:
    """Return what doctor calls a problem, looking at the world as the relay does."""
    command = [*prefix, COMMAND[0], "doctor", "--json"]
    run = subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    return "\n".join(each["text"] for each in json.loads(run.stdout)["findings"] if each["level"] == "problem")


def goes_through(
    relay: Relay, emulator: VtexEmulator, sent: Sequence[Parcel], words: str, heal: Callable[[], None]
) -> None:
    """Post everything while nothing can be sent; what was said, then heal it, and see everything arrive."""
    relay.register(*sent)
    taken = {relay.accept(parcel.webhook(length)) for parcel in sent for length in range(1, SCANS + 1)}
    until(lambda: any(words in said for said in attempted(relay)), seconds=30, failing=lambda: attempted(relay))
    assert [] == emulator.calls

    def left() -> int:
        demo = relay.ask("accounts")["items"][0]
        return int(demo["due"] + demo["waiting"])

    # None is, in moments in which all of them are being tried.
    until(lambda: left() > 0, seconds=30, failing=left)

    heal()
    until(lambda: not deviations(emulator, sent), seconds=60, failing=lambda: deviations(emulator, sent))
    relay.until_idle()
    assert [] == misdeeds(emulator)
    assert taken == {str(webhook["id"]) for webhook in relay.webhooks()}


def test_what_waits_for_a_name_that_cannot_be_resolved_arrives_once_it_can(
    tmp_path: Path, start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode="append")
    hosts, resolver, switch = (tmp_path / name for name in ("hosts", "resolv.conf", "nsswitch.conf"))
    hosts.write_text("", "utf-8")
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", "utf-8")
    switch.write_text("hosts: files dns\n", "utf-8")
    binds = [bind(file, Path("/etc") / file.name) for file in (hosts, resolver, switch)]
    prefix = mounted([mount for mounts in binds for mount in mounts])
    sent = parcels(2)
    add_orders(emulator, sent)
    port = emulator.url.rpartition(":")[2]
    relay = start_relay(account(f"http://vtex-of-the-shop:{port}"), prefix=prefix)

    def heal() -> None:
        assert "vtex-of-the-shop has no address" in doctor(tmp_path, prefix)
        hosts.write_text("127.0.0.1 vtex-of-the-shop\n", "utf-8")

    goes_through(relay, emulator, sent, "vtex-of-the-shop has no address", heal)


class Authority:
    """Whoever vouches for certificates."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An invented authority")])
        now = datetime.now(UTC)
        built = self._builder(self._name, self._key.public_key(), now - 30 * _DAY, now + 30 * _DAY)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file = folder / "authorities.pem"
        self.file.write_bytes(built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until_: datetime
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(since).not_valid_after(until_)

    def vouching(self, host: str, since: datetime, until_: datetime) -> ssl.SSLContext:
        """Let a server prove that it is a host, from one time to another."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        built = self._builder(name, key.public_key(), since, until_)
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        file = self._folder / "server.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        signed = built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        file.write_bytes(private + signed)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_what_waits_for_an_expired_certificate_arrives_once_it_is_renewed(
    tmp_path: Path, start_emulator: StartEmulator, start_relay: StartRelay, authority: Authority
) -> None:
    emulator = start_emulator(mode="append")
    sent = parcels(2)
    add_orders(emulator, sent)
    now = datetime.now(UTC)
    # The relay believes whom the HTTP client's list names; here it names the authority of the test.
    prefix = mounted(bind(authority.file, Path(certifi.where())))
    with Gateway(emulator.url) as gateway:
        gateway.speak_tls(authority.vouching("localhost", now - 9 * _DAY, now - _DAY))
        relay = start_relay(account(f"https://localhost:{gateway.port}"), prefix=prefix)

        def heal() -> None:
            assert "certificate has expired" in doctor(tmp_path, prefix)
            gateway.speak_tls(authority.vouching("localhost", now - _DAY, now + 9 * _DAY))

        goes_through(relay, emulator, sent, "certificate has expired", heal)
