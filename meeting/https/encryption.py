"""HTTPS set-up of `manage.py serve`: with its own root certificate, or with a given certificate."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from meeting import certificate, host_names, settings
from meeting.https import local_ca, qr_code

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
EVERYWHERE = ("0.0.0.0", "::", "[::]")  # noqa: S104 - compared, not bound


@dataclass(frozen=True)
class Encryption:
    """What is spoken with."""

    host: str  # the one to open, as it stands in an address
    notes: tuple[str, ...]
    way: str = ""  # where a device without our root begins: a path, over plain HTTP

    def address(self, port: int) -> str:
        """What to open."""
        return f"https://{self.host}:{port}"

    def lines(self, port: int) -> list[str]:
        """What the start says: for a terminal with the address as a QR code."""
        if not self.way:
            return list(self.notes)
        begin = f"http://{self.host}:{port}{self.way}"
        code = qr_code.for_terminal(begin) if qr_code.terminal_takes_it() else []
        return [*code, f"On a phone, or any other device, begin here: {begin}", *self.notes]


def prepare() -> Encryption | None:
    """Everything that HTTPS needs, as the settings want it; None where we speak plain HTTP. Raises Unusable."""
    now = datetime.now(UTC)
    if settings.HTTPS_ROOT:
        return _with_our_root(now)
    if settings.HTTPS_CERT and settings.HTTPS_KEY:
        pair = certificate.check(settings.HTTPS_CERT, settings.HTTPS_KEY, now)
        names = ", ".join(pair.hosts)
        note = f"Certificate: {pair.certificate}, for {names}, until {pair.until:%Y-%m-%d}."
        return Encryption(_bracketed(next((name for name in pair.hosts if "*" not in name), host_to_open())), (note,))
    return None


def _with_our_root(now: datetime) -> Encryption:
    assert settings.HTTPS_ROOT  # noqa: S101 - the caller asked
    hosts = [host for host in {*settings.own_names(), *settings.ALLOWED_HOSTS} if not host.startswith((".", "*"))]
    issued = local_ca.issue(settings.HTTPS_ROOT.parent, hosts, now)
    root = x509.load_pem_x509_certificate(issued.root.read_bytes())
    notes = [f"Root certificate, {'made now' if issued.new_root else 'made before'}: {issued.root}"]
    notes.append(f"  SHA-256 {local_ca.fingerprint(root)}")
    if issued.left_out:
        notes.append(
            f"The root may not vouch for {', '.join(issued.left_out)}: it was made before this machine had these. "
            f"Delete {issued.root.parent} for a new root, which every device has to install again."
        )
    return Encryption(_bracketed(host_to_open()), tuple(notes), "/https/")


def host_to_open() -> str:
    """By which name or address others reach us: the one that is set, this machine's, or the first that is allowed."""
    if settings.HOST not in EVERYWHERE:
        return settings.HOST
    ours, allowed = host_names.main_address(), settings.ALLOWED_HOSTS
    if ours in allowed or "*" in allowed:
        return ours
    others = [host for host in allowed if not host.startswith(".") and host not in LOOPBACK]
    return next(iter(others), ours)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
