"""HTTPS by ourselves: certificates that are given, one port for both, pages and sockets."""

import contextlib
import datetime
import http.client
import os
import socket
import ssl
import subprocess
import sys
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from meet.socket.origin import same_origin
from meeting import certificate, host_names
from meeting.https import local_ca, qr_code
from tests.meeting.product import serving

NOW = datetime.datetime(2026, 3, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
IMPORTS = "from meeting import settings as s; from meeting.https import encryption"
NOBODY = "http://127.0.0.1:9"


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


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
        with pytest.raises(certificate.UnusableCertificate, match=reason):
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
        f"{IMPORTS}; print(encryption.prepare().address(8000), s.HOST,"
        " s.SECURE_HSTS_SECONDS, {'.lan.example.org', 'room.example.org', 'localhost'} <= {*s.ALLOWED_HOSTS})"
    )
    assert in_a_process(code, tmp_path, **told) == "https://room.example.org:8000 0.0.0.0 0 True"


def test_a_host_that_is_set_stays_the_one_to_listen_on_and_to_open(tmp_path):
    code = f"{IMPORTS}; print(encryption.prepare().address(8000), s.HOST)"
    assert in_a_process(code, tmp_path, HTTPS="local", HOST="127.0.0.1") == "https://127.0.0.1:8000 127.0.0.1"


@pytest.mark.parametrize(
    ("allowed", "opened"),
    [("*", host_names.main_address()), (".lan,room.lan", "room.lan"), ("", host_names.main_address())],
)
def test_the_address_to_open_is_one_that_is_allowed_and_certified(tmp_path, allowed, opened):
    code = (
        f"{IMPORTS}; from meeting import certificate; made = encryption.prepare();"
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
    lines = qr_code.for_terminal("http://192.168.1.5:8000/https/")
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
