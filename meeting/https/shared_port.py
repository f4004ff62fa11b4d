"""One port for HTTPS and plain HTTP: the first byte of a connection says which it is.

So an address typed without `https://` gets an answer, on a phone that does not know our root yet as well."""

from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import Certificate, CertificateOptions, PrivateCertificate, TLSVersion
from twisted.protocols.policies import TimeoutMixin
from twisted.protocols.tls import TLSMemoryBIOFactory

HANDSHAKE = 0x16  # the record type with which every TLS connection begins (RFC 8446, 5.1)
PATIENCE_S = 30.0  # for a first byte; later ones are HTTP's to wait for


class TlsSniffer(Protocol, TimeoutMixin):
    """A connection whose kind is not known yet; it gives way to the protocol of that kind."""

    factory: "SharedPort"
    transport: Any

    def connectionMade(self) -> None:
        """Wait for a first byte, not for ever."""
        self.setTimeout(PATIENCE_S)  # type: ignore[no-untyped-call]

    def dataReceived(self, data: bytes) -> None:
        """Hand the connection on, with what has come of it."""
        self.setTimeout(None)  # type: ignore[no-untyped-call]
        factory = self.factory.encrypted if data[0] == HANDSHAKE else self.factory.plain
        chosen = factory.buildProtocol(self.transport.getPeer())
        self.transport.protocol = chosen
        chosen.makeConnection(self.transport)
        chosen.dataReceived(data)

    def connectionLost(self, reason: Any = None) -> None:
        """It said nothing."""
        self.setTimeout(None)  # type: ignore[no-untyped-call]


class SharedPort(Factory):
    """Answers plain HTTP by `plain`, and the same over TLS by it too."""

    noisy = False

    def __init__(self, plain: Any, certificate: Path, key: Path) -> None:
        self.plain = plain
        self.encrypted = TLSMemoryBIOFactory(options(certificate, key), False, plain)

    def buildProtocol(self, _address: Any) -> Any:
        """A new connection."""
        sniffer = TlsSniffer()
        sniffer.factory = self
        return sniffer

    def doStart(self) -> None:
        """Listening begins."""
        self.plain.doStart()

    def doStop(self) -> None:
        """Listening has ended."""
        self.plain.doStop()


def options(certificate: Path, key: Path) -> Any:
    """TLS 1.2 and later, with the certificate in a PEM file and whatever chain follows it there."""
    both = certificate.read_bytes() + b"\n" + key.read_bytes()
    ours = PrivateCertificate.loadPEM(both)  # type: ignore[no-untyped-call]
    links = x509.load_pem_x509_certificates(certificate.read_bytes())[1:]
    return CertificateOptions(
        privateKey=ours.privateKey.original,
        certificate=ours.original,
        extraCertChain=[Certificate.load(link.public_bytes(Encoding.DER)).original for link in links],
        raiseMinimumTo=TLSVersion.TLSv1_2,
    )
