"""A server's certificate and its key as they lie in files: whether they can be served with, and for which names."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.core.exceptions import ImproperlyConfigured


class UnusableCertificate(ImproperlyConfigured):
    """These files cannot be served with; the message says which, why, and what would do."""


@dataclass(frozen=True)
class CertificatePair:
    """A certificate that fits its key and is valid now."""

    certificate: Path
    key: Path
    hosts: tuple[str, ...]  # names and addresses it is for, as it has them (`*.example.org` too)
    until: datetime


def check(certificate: Path, key: Path, now: datetime) -> CertificatePair:
    """The pair in two PEM files. Raises UnusableCertificate."""
    leaf, secret = _certificate(certificate), _key(key)
    if _public(leaf.public_key()) != _public(secret.public_key()):
        raise UnusableCertificate(
            f"the key in {key} does not belong to the certificate in {certificate}. Give the two together."
        )
    if now > leaf.not_valid_after_utc:
        raise UnusableCertificate(
            f"the certificate in {certificate} has expired on {leaf.not_valid_after_utc:%Y-%m-%d}. Renew it."
        )
    if now < leaf.not_valid_before_utc:
        raise UnusableCertificate(
            f"the certificate in {certificate} is valid from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on, "
            f"and here it is {now:%Y-%m-%d %H:%M}. Set this machine's clock, or wait."
        )
    hosts = hosts_of(leaf)
    if not hosts:
        raise UnusableCertificate(
            f"the certificate in {certificate} names no host (no subjectAltName), so no browser takes it. Have it made "
            "for the name or address that people open."
        )
    return CertificatePair(certificate, key, hosts, leaf.not_valid_after_utc)


def hosts_in(certificate: Path) -> tuple[str, ...]:
    """The names and addresses of the certificate in a file. Raises UnusableCertificate."""
    return hosts_of(_certificate(certificate))


def hosts_of(leaf: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses that a certificate is for."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = [str(ip) for ip in names.get_values_for_type(x509.IPAddress)]
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def _certificate(path: Path) -> x509.Certificate:
    """The first one in the file: the server's own, whatever chain follows it."""
    try:
        return x509.load_pem_x509_certificates(_read(path))[0]
    except ValueError:
        raise UnusableCertificate(f"{path} holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`).") from None


def _key(path: Path) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(_read(path), password=None)
    except TypeError:
        raise UnusableCertificate(
            f"the key in {path} is locked by a passphrase, which a server cannot type. Unlock it."
        ) from None
    except ValueError:
        raise UnusableCertificate(f"{path} holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`).") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableCertificate(f"{path} cannot be read ({error.strerror}).") from None


def _public(key: object) -> bytes:
    exported: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return exported
