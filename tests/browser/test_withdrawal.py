"""Lines on the page: withdrawn by their speaker, folded where one voice came through two microphones."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import expect

from tests.browser.people import person, script
from tests.meeting.product import until
from tests.sentences import sentences

ROOT = Path(__file__).resolve().parents[2]
HELLO, OTHER = sentences("zh", exact=True)[:2]


def everything_below(folder):
    return "".join(p.read_bytes().decode(errors="ignore") for p in folder.rglob("*") if p.is_file())


def test_a_speaker_withdraws_a_line_and_it_is_gone_from_every_page_and_file(product, playwright, tmp_path):
    said = script(tmp_path / "said.wav", [HELLO, OTHER])
    with person(playwright, said.path) as alice, person(playwright) as bob, person(playwright) as carol:
        address = alice.make_room(product.address, "週會")
        alice.join("Alice")
        bob.join("Bob", address)
        alice.record()
        bob.wait_for_captions(2, said.seconds + 20)
        alice.stop()
        line = alice.page.get_by_test_id("caption").filter(has_text=HELLO.text)
        expect(bob.page.get_by_test_id("withdraw")).to_have_count(0)
        line.hover()
        line.get_by_test_id("withdraw").focus()  # by keyboard, from here on
        alice.page.keyboard.press("Enter")
        expect(alice.page.get_by_test_id("withdraw-sheet")).to_contain_text(HELLO.text)
        alice.page.keyboard.press("Escape")
        expect(line).to_be_visible()
        alice.page.keyboard.press("Enter")
        alice.page.get_by_test_id("withdraw-confirm").focus()
        alice.page.keyboard.press("Enter")
        for page in (alice.page, bob.page):
            expect(page.get_by_test_id("withdrawn")).to_contain_text("Alice")
            expect(page.get_by_test_id("caption")).to_have_count(1)
        assert HELLO.text not in bob.page.content()
        carol.join("Carol", address)
        expect(carol.page.get_by_test_id("withdrawn")).to_be_visible()
        expect(carol.page.get_by_test_id("caption")).to_have_count(1)
        media = product.data / "media" / unquote(address).rstrip("/").rpartition("/")[2]
        until(
            lambda: HELLO.text not in everything_below(media) and OTHER.text in everything_below(media),
            20,
            lambda: "the files were not written without it",
        )
        assert len(list(media.rglob("clips/*.flac"))) == len(list(media.rglob("clips/*.txt")))


def test_one_voice_through_two_microphones_is_one_line_until_it_is_unfolded(product, playwright):
    with person(playwright) as bob, person(playwright) as carol:
        address = bob.make_room(product.address, "週會")
        bob.join("Bob")
        carol.join("Carol", address)
        played = speak_twice(product.address, unquote(address).rstrip("/").rpartition("/")[2])
        for page in (bob.page, carol.page):
            expect(page.get_by_test_id("fold-mark")).to_have_count(1)
            expect(page.get_by_test_id("caption")).to_have_count(2)
            expect(page.locator("[data-testid=caption]:visible")).to_have_count(1)
        assert played.wait(60) == 0
        mark = carol.page.get_by_test_id("fold-mark")
        expect(mark).to_contain_text("Speaker")
        mark.click()
        expect(mark).to_have_attribute("aria-expanded", "true")
        expect(carol.page.locator("[data-testid=caption]:visible")).to_have_count(2)
        expect(carol.page.get_by_test_id("unfold")).to_have_count(0)  # neither microphone is hers
        expect(bob.page.locator("[data-testid=caption]:visible")).to_have_count(1)
        carol.page.reload()
        expect(carol.page.locator("[data-testid=caption]:visible")).to_have_count(1)
        bob.page.get_by_test_id("fold-mark").click()
        bob.page.get_by_test_id("unfold").click()  # the host's
        for page in (bob.page, carol.page):
            expect(page.locator("[data-testid=caption]:visible")).to_have_count(2)
            expect(page.get_by_test_id("fold-mark")).to_have_count(0)


def speak_twice(url, slug):
    """Two people whose microphones hear the same voice."""
    command = [sys.executable, "manage.py", "simulate_meeting", "--room", slug, "--speakers", "2"]
    command += ["--audio", str(HELLO.path), "--url", url]
    return subprocess.Popen(command, cwd=ROOT)
