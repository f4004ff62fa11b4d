"""A phone in the LAN, which has no microphone without HTTPS: it installs the root, records, and another page reads."""

import shutil
import subprocess
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from playwright.sync_api import Error, expect

from meeting.https import local_ca
from tests.browser.lan import lan
from tests.browser.people import Person, chromium, script
from tests.browser.test_axe import AXE, FINDINGS, RULES, SIZES
from tests.meeting.product import serving
from tests.sentences import sentences

pytestmark = pytest.mark.long

HELLO = sentences("zh", exact=True)[0]


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """`manage.py serve --https`, reached by an address that is not this machine's loopback."""
    with (
        lan() as network,
        serving(tmp_path_factory.mktemp("product"), "--https", before=network.inside, TIME_ZONE="UTC") as running,
    ):
        running.wait_for_line("Model: ", 150)
        assert urlsplit(running.address).hostname == network.there
        yield running


@pytest.fixture(scope="module")
def trusting(product, playwright, tmp_path_factory):
    """A home that trusts the root, which a phone has downloaded from the page that the start names."""
    home = tmp_path_factory.mktemp("trusting")
    begin = product.wait_for_line("On a phone, or any other device, begin here: ").rpartition(" ")[2]
    with phone(playwright, tmp_path_factory.mktemp("new")) as page:
        page.goto(begin)
        expect(page.get_by_test_id("trust-state")).to_have_attribute("data-state", "untrusted")
        told = page.get_by_test_id("root-fingerprint").text_content()
        with page.expect_download() as download:
            page.get_by_test_id("root-download").click()
        root = download.value.path()
        assert download.value.suggested_filename == "meeting-room.crt"
        page.screenshot(path="test-results/https-phone.png", full_page=True)
        install(root, home)
        certificate = x509.load_der_x509_certificate(root.read_bytes())
    assert told.strip() == local_ca.fingerprint(certificate)
    assert told.strip() in product.output
    return home


def install(root, home):
    """As Chromium's own settings do it: into the NSS database of its user."""
    if not shutil.which("certutil"):
        pytest.fail("certutil is not installed (libnss3-tools); bin/test installs it")
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "root", "-i", str(root)]):
        subprocess.run(["certutil", "-d", f"sql:{database}", *words], check=True)


@contextmanager
def phone(playwright, home, sound=None):
    """A page on a phone, as far as Chromium can be one."""
    with chromium(playwright, sound, home) as running:
        yield running.new_context(**playwright.devices["Pixel 7"], locale="en-GB").new_page()


def test_a_phone_that_trusts_the_root_records_and_another_page_reads_it(product, playwright, trusting, tmp_path):
    said = script(tmp_path / "said.wav", [HELLO])
    with phone(playwright, trusting, said.path) as on_phone, chromium(playwright, home=trusting) as laptop:
        alice, bob = Person(on_phone, []), Person(laptop.new_page(), [])
        address = alice.make_room(product.address, "LAN")
        assert address.startswith(product.address)
        alice.join("Alice")
        bob.join("Bob", address)
        assert on_phone.evaluate("isSecureContext && navigator.mediaDevices !== undefined")
        alice.record()
        bob.wait_for_captions(1, said.seconds + 60)
        assert [(line["speaker"], line["text"]) for line in bob.captions()] == [("Alice", HELLO.text)]
        on_phone.screenshot(path="test-results/https-phone-room.png")
        alice.stop()
        cookies = on_phone.context.cookies()
    assert {"__Host-sessionid", "__Host-csrftoken"} <= {cookie["name"] for cookie in cookies if cookie["secure"]}


def test_an_address_typed_without_https_leads_a_phone_that_trusts_the_root_to_it(product, playwright, trusting):
    with phone(playwright, trusting) as page:
        page.goto(product.address.replace("https:", "http:") + "/?from=elsewhere")
        page.wait_for_url(f"{product.address}/?from=elsewhere")
        expect(page.get_by_test_id("create-room")).to_be_visible()
        page.get_by_test_id("other-devices").click()
        page.wait_for_url(f"{product.address}/https/")
        expect(page.get_by_test_id("trust-state")).to_have_attribute("data-state", "trusted")


def test_a_phone_that_does_not_trust_the_root_is_let_in_nowhere_and_stays_on_its_page(product, playwright, tmp_path):
    with phone(playwright, tmp_path) as page:
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            page.goto(product.address)
        page = page.context.new_page()  # the other still goes to its error page
        page.goto(product.address.replace("https:", "http:") + "/")
        expect(page.get_by_test_id("trust-state")).to_have_attribute("data-state", "untrusted")
        assert urlsplit(page.url).path == "/https/"
        assert not page.evaluate("isSecureContext")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_of_the_root(product, playwright, tmp_path, scheme):
    with phone(playwright, tmp_path) as page:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(product.address.replace("https:", "http:") + "/https/")
        expect(page.get_by_test_id("trust-state")).to_have_attribute("data-state", "untrusted")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for viewport in SIZES.values():
            page.set_viewport_size(viewport)
            assert page.evaluate(FINDINGS, RULES) == []
