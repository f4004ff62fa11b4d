"""HTTPS by ourselves: the root and what it vouches for, certificates that are given, one port for both, a proxy."""

import contextlib
import datetime
import http.client
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meet.origin import same_origin
from meeting import certificate, local_ca, machine, qr
from meeting.forwarded import as_the_browser_asked
from tests.meeting.product import serving, until

NOW = datetime.datetime(2026, 3, 1, tzinfo=UTC)
HOSTS = ["localhost", "127.0.0.1", "192.168.1.5", "meeting-box", "[fd00::5]"]
ROOT = Path(__file__).resolve().parents[2]
NOBODY = "http://127.0.0.1:9"


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def extension(of, kind):
    return of.extensions.get_extension_for_class(kind)


# --- the root and what it vouches for -------------------------------------------------------------------


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
    with pytest.raises(certificate.Unusable, match=r"cannot be used.*Delete .* for a new root"):
        local_ca.issue(tmp_path, HOSTS, NOW)


def test_a_root_near_its_end_is_refused_with_a_cure(tmp_path):
    local_ca.issue(tmp_path, HOSTS, NOW)
    with pytest.raises(certificate.Unusable, match=r"ends on 2036-.*Delete"):
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


# --- certificates that are given ------------------------------------------------------------------------


def given(folder, *, hosts=("meeting.example.org",), begins=NOW, ends=NOW + timedelta(days=90), password=None):
    """A certificate and its key in files, as somebody brings them."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "brought along")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), False)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cert.pem").write_bytes(builder.sign(secret, hashes.SHA256()).public_bytes(Encoding.PEM))
    lock = BestAvailableEncryption(password) if password else local_ca.NoEncryption()
    (folder / "key.pem").write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    return folder / "cert.pem", folder / "key.pem"


def test_a_certificate_with_its_key_is_taken_for_its_hosts(tmp_path):
    cert, key = given(tmp_path, hosts=("a.example.org", "*.b.example.org"))
    pair = certificate.check(cert, key, NOW + timedelta(days=1))
    assert pair.hosts == ("a.example.org", "*.b.example.org")


def test_a_certificate_that_cannot_be_served_with_is_refused_with_the_reason(tmp_path):
    now = NOW + timedelta(days=1)
    cert, key = given(tmp_path / "one")
    _, another_key = given(tmp_path / "two")
    _, locked = given(tmp_path / "three", password=b"secret")
    expired = given(tmp_path / "four", ends=NOW + timedelta(hours=1))
    early = given(tmp_path / "five", begins=NOW + timedelta(days=2))
    nameless = given(tmp_path / "six", hosts=())
    for (served, secret), reason in [
        ((cert, another_key), "does not belong to the certificate"),
        ((tmp_path / "none.pem", key), "none.pem cannot be read"),
        ((cert, tmp_path / "none.pem"), "none.pem cannot be read"),
        ((key, cert), "holds no certificate in PEM"),
        ((cert, cert), "holds no private key in PEM"),
        ((cert, locked), "locked by a passphrase"),
        (expired, "has expired on 2026-03-01"),
        (early, "is valid from 2026-03-03"),
        (nameless, "names no host"),
    ]:
        with pytest.raises(certificate.Unusable, match=reason):
            certificate.check(served, secret, now)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--cert", "only.pem"], "--cert and --key belong together"),
        (["--cert", "none.pem", "--key", "none.pem"], "none.pem cannot be read"),
    ],
)
def test_a_start_with_a_pair_that_cannot_be_used_is_refused(tmp_path, words, reason):
    with serving(tmp_path, *words) as product:
        assert product.process.wait(120) == 2
        assert reason in product.wait_for_line("Not started: ")


def test_with_a_certificate_that_is_given_its_name_is_the_one_to_open_and_is_answered(tmp_path):
    now = datetime.datetime.now(UTC)
    hosts = ("*.lan.example.org", "room.example.org")
    cert, key = given(tmp_path / "given", hosts=hosts, begins=now - timedelta(days=1), ends=now + timedelta(days=1))
    told = {"HTTPS_CERT": str(cert), "HTTPS_KEY": str(key)}
    code = (
        "from meeting import encryption, settings as s; print(encryption.prepare().address(8000), s.HOST,"
        " s.SECURE_HSTS_SECONDS, {'.lan.example.org', 'room.example.org', 'localhost'} <= {*s.ALLOWED_HOSTS})"
    )
    assert in_a_process(code, tmp_path, **told) == "https://room.example.org:8000 0.0.0.0 0 True"


def test_a_host_that_is_set_stays_the_one_to_listen_on_and_to_open(tmp_path):
    code = "from meeting import encryption, settings as s; print(encryption.prepare().address(8000), s.HOST)"
    assert in_a_process(code, tmp_path, HTTPS="local", HOST="127.0.0.1") == "https://127.0.0.1:8000 127.0.0.1"


@pytest.mark.parametrize(
    ("allowed", "opened"), [("*", machine.main_address()), (".lan,room.lan", "room.lan"), ("", machine.main_address())]
)
def test_the_address_to_open_is_one_that_is_allowed_and_certified(tmp_path, allowed, opened):
    code = (
        "from meeting import certificate, encryption, settings as s; made = encryption.prepare();"
        "print(made.address(8000), made.host in certificate.hosts_in(s.HTTPS_CERT))"
    )
    assert in_a_process(code, tmp_path, HTTPS="local", ALLOWED_HOSTS=allowed) == f"https://{opened}:8000 True"


def in_a_process(code, folder, **environment):
    """What a Python prints that has read the settings anew."""
    unset = {"HOST", "HTTPS", "HTTPS_CERT", "HTTPS_KEY", "ALLOWED_HOSTS", "PROXY_HEADERS"}
    told = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**told, "DATA_DIR": str(folder), **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_two_ways_to_speak_https_at_once_are_refused(tmp_path):
    cert, key = given(tmp_path / "given")
    with serving(tmp_path, HTTPS="on", HTTPS_CERT=str(cert), HTTPS_KEY=str(key)) as product:
        assert product.process.wait(120) == 2
        assert "two ways to one thing" in product.wait_for_line("Not started: ")


def test_an_option_that_is_none_is_refused(tmp_path):
    with serving(tmp_path, "--htps") as product:
        assert product.process.wait(120) == 2
    assert "usage:" in product.output


# --- served ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """`serve --https`, on loopback alone: no test opens a port to others."""
    folder = tmp_path_factory.mktemp("d")
    with serving(folder, "--https", HOST="127.0.0.1", SPEECH_URL=NOBODY) as running:
        running.wait_for_line("Listening on https://127.0.0.1:", 150)
        yield running


def ask(product, path, *, secure=True, method="GET", tls=None, **headers):
    """The answer's status, headers and body."""
    host = product.address.removeprefix("https://")
    if secure:
        trusting = tls or ssl.create_default_context(cafile=str(product.data / "https" / "root.crt"))
        line = http.client.HTTPSConnection(host, timeout=30, context=trusting)
    else:
        line = http.client.HTTPConnection(host, timeout=30)
    with contextlib.closing(line):
        line.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()


def test_the_start_names_the_root_its_fingerprint_and_where_a_phone_begins(product):
    root = load(product.data / "https" / "root.crt")
    product.wait_for_line(f"  SHA-256 {local_ca.fingerprint(root)}")
    plain = product.address.replace("https:", "http:")
    product.wait_for_line(f"On a phone, or any other device, begin here: {plain}/https/")
    assert "█" not in product.output  # nobody looks at it: it goes into a pipe


def test_pages_over_https_pin_nobody_and_set_cookies_for_https_alone(product):
    status, headers, _body = ask(product, "/")
    assert status == 200
    assert "Strict-Transport-Security" not in headers
    cookies = headers.get_all("Set-Cookie")
    assert cookies
    assert all(cookie.startswith("__Host-") and "Secure" in cookie for cookie in cookies)


def test_plain_http_on_the_same_port_leads_to_the_page_of_the_root_for_this_once(product):
    status, headers, _body = ask(product, "/rooms/a/?b=c", secure=False)
    assert (status, headers["Location"]) == (302, "/https/?next=%2Frooms%2Fa%2F%3Fb%3Dc")
    assert headers["Cache-Control"] == "no-store"


def test_nothing_is_taken_over_plain_http(product):
    status, _headers, body = ask(product, "/", secure=False, method="POST")
    assert status == 403
    assert b"https://" in body


def test_a_health_check_may_ask_over_plain_http(product):
    assert ask(product, "/livez", secure=False)[0] == 200


def test_the_root_is_offered_over_plain_http_as_devices_take_it(product):
    root = load(product.data / "https" / "root.crt")
    status, headers, body = ask(product, "/https/meeting-room.crt", secure=False)
    assert (status, headers["Content-Type"]) == (200, "application/x-x509-ca-cert")
    assert x509.load_der_x509_certificate(body) == root
    _status, _headers, body = ask(product, "/https/meeting-room.pem", secure=False)
    assert x509.load_pem_x509_certificate(body) == root


@pytest.mark.parametrize(
    ("language", "word"), [("en", "iPhone and iPad"), ("zh-TW", "憑證信任設定")], ids=["English", "Chinese"]
)
def test_the_page_has_the_steps_the_fingerprint_and_a_code_to_scan(product, language, word):
    _status, _headers, body = ask(product, "/https/", secure=False, Accept_Language=language)
    page = body.decode()
    assert word in page
    assert local_ca.fingerprint(load(product.data / "https" / "root.crt")) in page
    assert "<svg" in page
    assert f"{product.address.replace('https:', 'http:')}/https/" in page


@pytest.mark.parametrize("elsewhere", ["//evil.example", "/\\evil.example", "https://evil.example", "evil"])
def test_the_page_leads_nowhere_else(product, elsewhere):
    _status, _headers, body = ask(product, f"/https/?next={elsewhere}", secure=False)
    assert b"evil" not in body


def test_a_private_key_is_never_offered(product):
    for name in ("root.key", "server.key", "..%2froot.key"):
        assert ask(product, f"/https/{name}")[0] == 404


def test_another_host_than_ours_is_answered_by_nothing(product):
    assert ask(product, "/", secure=False, Host="evil.example")[0] == 400


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
@pytest.mark.parametrize(
    ("version", "taken"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)], ids=["1.1", "1.2"]
)
def test_tls_is_spoken_from_version_1_2_on(product, version, taken):
    old = ssl.create_default_context(cafile=str(product.data / "https" / "root.crt"))
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = version
    if taken:
        assert ask(product, "/livez", tls=old)[0] == 200
    else:
        with pytest.raises(ssl.SSLError):
            ask(product, "/livez", tls=old)


def test_a_connection_that_says_nonsense_harms_nobody(product):
    host, _colon, port = product.address.removeprefix("https://").rpartition(":")
    for nonsense in (b"\x16\x03\x01\xff\xffnonsense" * 20, b"\x00\x01\x02", b"\x16"):
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(nonsense)
    assert ask(product, "/livez")[0] == 200


def test_a_code_for_a_terminal_is_as_wide_in_every_line_and_readable_on_any_ground():
    lines = qr.for_terminal("http://192.168.1.5:8000/https/")
    assert len({len(line) for line in lines}) == 1
    assert all(line.startswith("\x1b[97;40m") and line.endswith("\x1b[0m") for line in lines)


# --- pages and sockets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secure", "origin", "opened"),
    [
        (True, "https://room.lan:8000", True),
        (True, "http://room.lan:8000", False),
        (True, "https://evil.example", False),
        (False, "http://room.lan:8000", True),
        (False, "https://room.lan:8000", True),
        (False, "http://room.lan:9000", False),
    ],
)
def test_a_socket_is_opened_to_a_page_of_its_own_host_and_under_https_to_none_that_came_in_plain(
    settings, secure, origin, opened
):
    settings.ALLOWED_HOSTS, settings.SESSION_COOKIE_SECURE = ["room.lan"], secure
    assert same_origin({"headers": [(b"host", b"room.lan:8000"), (b"origin", origin.encode())]}) == opened


# --- behind a proxy -------------------------------------------------------------------------------------

FORGED = [
    (b"host", b"room.lan"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"evil.example"),
    (b"x-forwarded-for", b"203.0.113.7"),
]
ASKED = {"type": "http", "scheme": "http", "client": ["10.0.0.9", 4711], "headers": FORGED}


def test_without_the_setting_forged_headers_change_nothing_and_reach_nobody():
    told = as_the_browser_asked(ASKED, [])
    assert told == {**ASKED, "headers": [(b"host", b"room.lan")]}


@pytest.mark.parametrize(
    ("believed", "changed"),
    [
        ("proto", {"scheme": "https"}),
        ("host", {"headers": [(b"host", b"evil.example")]}),
        ("for", {"client": ["203.0.113.7", 0]}),
    ],
)
def test_a_header_that_is_named_is_believed_and_no_other(believed, changed):
    assert as_the_browser_asked(ASKED, [believed]) == {**ASKED, "headers": [(b"host", b"room.lan")], **changed}


@pytest.mark.parametrize(
    ("sent", "client"),
    [
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7:4711"], "203.0.113.7"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["unknown"], "10.0.0.9"),
        ([""], "10.0.0.9"),
    ],
)
def test_of_several_addresses_the_nearest_proxys_word_counts(sent, client):
    headers = [(b"x-forwarded-for", value.encode()) for value in sent]
    assert as_the_browser_asked({**ASKED, "headers": headers}, ["for"])["client"][0] == client


def test_a_socket_behind_a_proxy_is_told_the_host_and_the_scheme_too():
    told = as_the_browser_asked({**ASKED, "type": "websocket"}, ["proto", "host"])
    assert (told["scheme"], told["headers"]) == ("wss", [(b"host", b"evil.example")])


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """`serve` as a proxy has it behind itself."""
    folder = tmp_path_factory.mktemp("p")
    with serving(folder, HTTPS="on", ALLOWED_HOSTS="room.example.org", SPEECH_URL=NOBODY) as running:
        until(running.answers, 150, lambda: running.output)
        yield running


def behind(proxied, **headers):
    """The answer to what a proxy passes on."""
    line = http.client.HTTPConnection(proxied.address.removeprefix("http://"), timeout=30)
    with contextlib.closing(line):
        line.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        answer.read()
        return answer


def test_behind_a_proxy_pages_are_for_https_alone(proxied):
    answer = behind(proxied, Host="room.example.org", X_Forwarded_Proto="https")
    assert answer.status == 200
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert all("Secure" in cookie for cookie in answer.headers.get_all("Set-Cookie"))
    plain = behind(proxied, Host="room.example.org", X_Forwarded_Proto="http")
    assert (plain.status, plain.headers["Location"]) == (301, "https://room.example.org/")


def test_a_host_that_the_proxy_is_not_trusted_with_is_not_believed(proxied):
    answer = behind(proxied, Host="room.example.org", X_Forwarded_Host="evil.example", X_Forwarded_Proto="http")
    assert answer.headers["Location"] == "https://room.example.org/"


def test_behind_a_proxy_without_its_word_for_https_nothing_would_work_so_the_start_is_refused(tmp_path):
    with serving(tmp_path, HTTPS="on", PROXY_HEADERS="host") as product:
        assert product.process.wait(120) == 2
        assert "lacks proto" in product.wait_for_line("Not started: ")
