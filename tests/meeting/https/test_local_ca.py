"""The root that we make: what it vouches for, and for what it never can."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from datetime import UTC, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from meeting import certificate
from meeting.https import local_ca

NOW = datetime.datetime(2026, 3, 1, tzinfo=UTC)
HOSTS = ["localhost", "127.0.0.1", "192.168.1.5", "meeting-box", "[fd00::5]"]


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def extension(of, kind):
    return of.extensions.get_extension_for_class(kind)


def test_the_keys_are_their_owners_alone(tmp_path):
    local_ca.issue(tmp_path / "https", HOSTS, NOW)
    assert (tmp_path / "https").stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "https").iterdir()}
    assert modes == {"root.key": 0o600, "root.crt": 0o644, "server.key": 0o600, "server.crt": 0o644}


def test_the_root_can_vouch_for_servers_directly_and_for_nothing_else(tmp_path):
    root = load(local_ca.issue(tmp_path, HOSTS, NOW).root)
    basic, usage = extension(root, x509.BasicConstraints), extension(root, x509.KeyUsage)
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature


def test_the_root_is_bound_to_private_networks_and_this_machines_names(tmp_path):
    root = load(local_ca.issue(tmp_path, [*HOSTS, "203.0.113.9"], NOW).root)
    constraints = extension(root, x509.NameConstraints)
    assert constraints.critical
    permitted = {str(one.value) for one in constraints.value.permitted_subtrees}
    assert {"192.168.0.0/16", "10.0.0.0/8", "meeting-box", "203.0.113.9/32"} <= permitted
    assert not any(ipaddress.ip_network(one).prefixlen == 0 for one in permitted if "/" in one)


def test_the_servers_certificate_is_one_that_phones_take(tmp_path):
    issued = local_ca.issue(tmp_path, HOSTS, NOW)
    leaf, root = load(issued.certificate), load(issued.root)
    leaf.verify_directly_issued_by(root)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=398)
    assert list(extension(leaf, x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert set(certificate.hosts_of(leaf)) == {"localhost", "127.0.0.1", "192.168.1.5", "meeting-box", "fd00::5"}
    assert not extension(leaf, x509.BasicConstraints).value.ca


def test_a_second_start_changes_nothing(tmp_path):
    first = local_ca.issue(tmp_path, HOSTS, NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = local_ca.issue(tmp_path, reversed(HOSTS), NOW + timedelta(days=300))
    assert (first.new_root, again.new_root) == (True, False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("hosts", "later"),
    [([*HOSTS, "192.168.1.77"], timedelta(days=1)), (HOSTS[:-1], timedelta(days=1)), (HOSTS, timedelta(days=340))],
    ids=["a new address", "an address less", "near its end"],
)
def test_the_certificate_is_renewed_and_the_root_stays(tmp_path, hosts, later):
    before = local_ca.issue(tmp_path, HOSTS, NOW)
    leaf, root = load(before.certificate), load(before.root)
    after = local_ca.issue(tmp_path, hosts, NOW + later)
    assert load(after.certificate) != leaf
    assert load(after.root) == root
    assert set(certificate.hosts_of(load(after.certificate))) == {host.strip("[]") for host in hosts}


def test_what_the_root_may_not_vouch_for_is_left_out_and_named(tmp_path):
    local_ca.issue(tmp_path, HOSTS, NOW)
    issued = local_ca.issue(tmp_path, [*HOSTS, "203.0.113.9", "elsewhere.example.org", "box.local"], NOW)
    assert issued.left_out == ("203.0.113.9", "elsewhere.example.org")
    assert "box.local" in certificate.hosts_of(load(issued.certificate))


def test_names_that_no_certificate_can_hold_are_passed_over(tmp_path):
    issued = local_ca.issue(tmp_path, ["*", "a b", "會議.local", *HOSTS], NOW)
    names = certificate.hosts_of(load(issued.certificate))
    assert [name for name in names if name.startswith("xn--") and name.endswith(".local")]
    assert not set(names) & {"*", "a b"}


@pytest.mark.parametrize("spoilt", ["root.key", "root.crt"])
def test_a_root_that_cannot_be_used_is_refused_with_a_cure(tmp_path, spoilt):
    local_ca.issue(tmp_path, HOSTS, NOW)
    (tmp_path / spoilt).write_text("nonsense")
    with pytest.raises(certificate.UnusableCertificate, match=r"cannot be used.*Delete .* for a new root"):
        local_ca.issue(tmp_path, HOSTS, NOW)


def test_a_root_near_its_end_is_refused_with_a_cure(tmp_path):
    local_ca.issue(tmp_path, HOSTS, NOW)
    with pytest.raises(certificate.UnusableCertificate, match=r"ends on 2036-.*Delete"):
        local_ca.issue(tmp_path, HOSTS, NOW + timedelta(days=3640))


@pytest.mark.parametrize("host", ["192.168.1.5", "meeting-box", "fd00::5"])
def test_openssl_verifies_the_chain_for_each_host(tmp_path, host):
    issued = local_ca.issue(tmp_path, HOSTS, datetime.datetime.now(UTC))
    assert handshake(issued, issued.root, host) == "TLSv1.3"


def test_openssl_refuses_what_a_stolen_root_signs_for_another_site(tmp_path):
    now = datetime.datetime.now(UTC)
    issued = local_ca.issue(tmp_path, HOSTS, now)
    root, secret = local_ca._root(tmp_path, now)
    local_ca._make_server(tmp_path, root, secret, [x509.DNSName("bank.example.com")], now)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        handshake(issued, issued.root, "bank.example.com")


def handshake(pair, root, host):
    """The version that a client which trusts `root` alone speaks with a server that has `pair`."""
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(pair.certificate, pair.key)
    theirs = ssl.create_default_context(cafile=str(root))
    theirs.verify_flags |= ssl.VERIFY_X509_STRICT
    server_side, client_side = socket.socketpair()

    def answer():
        with server_side, contextlib.suppress(ssl.SSLError, OSError):  # a client that refuses says why itself
            ours.wrap_socket(server_side, server_side=True).close()

    answering = threading.Thread(target=answer)
    answering.start()
    try:
        with client_side, theirs.wrap_socket(client_side, server_hostname=host) as spoken:
            return spoken.version()
    finally:
        answering.join(10)
