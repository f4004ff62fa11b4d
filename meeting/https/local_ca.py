"""The local certificate authority: a root made once, kept in its folder, and the server certificate under it.

The root can vouch for this machine and for private networks alone (name constraints), so whoever installs it
trusts us with nothing else, even if its key were stolen."""

import contextlib
import hashlib
import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meeting.certificate import UnusableCertificate, hosts_of

ROOT_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)  # iOS takes at most 825 days from a root like ours; 397 would do from any
RENEW_BEFORE = timedelta(days=60)
CLOCKS_DIFFER = timedelta(days=1)  # valid from a little earlier on: a phone's clock may be behind

PRIVATE_NAMES = ("localhost", "local", "lan", "internal", "home.arpa")  # each with all below it
PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # carriers' and Tailscale's
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)


@dataclass(frozen=True)
class Issued:
    """What lies in the folder after `issue`."""

    root: Path
    certificate: Path
    key: Path
    left_out: tuple[str, ...]  # hosts that the root may not vouch for: it was made before they were this machine's
    new_root: bool


def root_in(folder: Path) -> Path:
    """Where the root's certificate lies, once there is one."""
    return folder / "root.crt"


def certificate_in(folder: Path) -> Path:
    """Where the server's certificate lies."""
    return folder / "server.crt"


def key_in(folder: Path) -> Path:
    """Where the server's key lies."""
    return folder / "server.key"


def fingerprint(root: x509.Certificate) -> str:
    """SHA-256 as devices show it: pairs of hexadecimal digits."""
    return hashlib.sha256(root.public_bytes(Encoding.DER)).digest().hex(":").upper()


def issue(folder: Path, hosts: Iterable[str], now: datetime) -> Issued:
    """A certificate for `hosts`, under the root in `folder`. The root is made where there is none, the certificate
    where there is none, its hosts have changed, or its end is near. Raises UnusableCertificate."""
    wanted = list(dict.fromkeys(name for host in hosts if (name := _general_name(host))))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new_root = not root_in(folder).exists()
    if new_root:
        _make_root(folder, wanted, now)
    root, secret = _root(folder, now)
    taken = [name for name in wanted if _may_vouch(root, name)]
    if not _still_good(folder, root, taken, now):
        _make_server(folder, root, secret, taken, now)
    left_out = tuple(sorted(str(name.value) for name in wanted if name not in taken))
    return Issued(root_in(folder), certificate_in(folder), key_in(folder), left_out, new_root)


def _general_name(host: str) -> x509.DNSName | x509.IPAddress | None:
    """A host as certificates name it; None for what none can (`*`, a name with blanks)."""
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    try:
        name = host.lower().strip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return x509.DNSName(name) if name and not set(name) & set(" *:/@") else None


def _make_root(folder: Path, hosts: list[x509.DNSName | x509.IPAddress], now: datetime) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    # the day in the name tells two roots of one machine apart, in a phone's list too
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Meeting room"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Meeting room on {socket.gethostname()[:30]}, {now:%Y-%m-%d}"),
        ]
    )
    key_id = x509.SubjectKeyIdentifier.from_public_key(secret.public_key())
    root = (
        _begun(name, name, secret, now, now + ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.NameConstraints(_permitted(hosts), None), critical=True)
        .add_extension(key_id, critical=False)
        .sign(secret, hashes.SHA256())
    )
    _write(folder / "root.key", _pem(secret), 0o600)
    _write(root_in(folder), root.public_bytes(Encoding.PEM), 0o644)


def _permitted(hosts: list[x509.DNSName | x509.IPAddress]) -> list[x509.GeneralName]:
    """Private names and networks, and what this machine has beside them now."""
    networks = [x509.IPAddress(network) for network in PRIVATE_NETWORKS]
    permitted: list[x509.GeneralName] = [*map(x509.DNSName, PRIVATE_NAMES), *networks]
    for host in hosts:
        if not any(_within(host, other) for other in permitted):
            permitted.append(
                x509.IPAddress(ipaddress.ip_network(str(host.value))) if isinstance(host, x509.IPAddress) else host
            )
    return permitted


def _within(host: x509.DNSName | x509.IPAddress, permitted: x509.GeneralName) -> bool:
    if isinstance(host, x509.DNSName) and isinstance(permitted, x509.DNSName):
        return host.value == permitted.value or host.value.endswith(f".{permitted.value}")
    return isinstance(host, x509.IPAddress) and isinstance(permitted, x509.IPAddress) and host.value in permitted.value  # type: ignore[operator]


def _may_vouch(root: x509.Certificate, host: x509.DNSName | x509.IPAddress) -> bool:
    permitted = root.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    return any(_within(host, other) for other in permitted or ())


def _root(folder: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The root and its key. Raises UnusableCertificate where they are not ours, or not for long enough."""
    anew = f"Delete {folder} for a new root; every device has to install that one again."
    try:
        root = x509.load_pem_x509_certificate(root_in(folder).read_bytes())
        secret = load_pem_private_key((folder / "root.key").read_bytes(), password=None)
        root.extensions.get_extension_for_class(x509.NameConstraints)
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise UnusableCertificate(
            f"the root in {folder} cannot be used ({type(error).__name__}: {error}). {anew}"
        ) from None
    if not isinstance(secret, ec.EllipticCurvePrivateKey) or secret.public_key() != root.public_key():
        raise UnusableCertificate(f"the root in {folder} does not belong to the key beside it. {anew}")
    if now + RENEW_BEFORE > root.not_valid_after_utc:
        raise UnusableCertificate(f"the root in {folder} ends on {root.not_valid_after_utc:%Y-%m-%d}. {anew}")
    return root, secret


def _still_good(
    folder: Path, root: x509.Certificate, hosts: list[x509.DNSName | x509.IPAddress], now: datetime
) -> bool:
    """Whether the certificate that lies there is one for these hosts, from this root, and far from its end."""
    try:
        leaf = x509.load_pem_x509_certificate(certificate_in(folder).read_bytes())
        secret = load_pem_private_key(key_in(folder).read_bytes(), password=None)
        leaf.verify_directly_issued_by(root)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    current = leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - RENEW_BEFORE
    same = set(hosts_of(leaf)) == {str(host.value) for host in hosts}
    return current and same and secret.public_key() == leaf.public_key()


def _make_server(
    folder: Path,
    root: x509.Certificate,
    root_secret: ec.EllipticCurvePrivateKey,
    hosts: list[x509.DNSName | x509.IPAddress],
    now: datetime,
) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Meeting room")])
    issuer = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    leaf = (
        _begun(name, root.subject, secret, now, min(now + SERVER_LIFE - CLOCKS_DIFFER, root.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(secret.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
        .sign(root_secret, hashes.SHA256())
    )
    _write(key_in(folder), _pem(secret), 0o600)
    _write(certificate_in(folder), leaf.public_bytes(Encoding.PEM), 0o644)


def _begun(
    subject: x509.Name, issuer: x509.Name, secret: ec.EllipticCurvePrivateKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(secret.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - CLOCKS_DIFFER).not_valid_after(end)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(secret: ec.EllipticCurvePrivateKey) -> bytes:
    return secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable for others in between."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
