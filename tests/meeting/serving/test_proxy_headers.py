"""Behind a proxy: whose word is taken for the scheme, the host and the client."""

import contextlib
import http.client

import pytest

from meeting.serving.proxy_headers import as_the_browser_asked
from tests.meeting.product import serving, until

NOBODY = "http://127.0.0.1:9"
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
