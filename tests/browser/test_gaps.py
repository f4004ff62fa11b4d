"""Speech without words, as a reader sees it: at its line, as a line of its own, and in the record."""

import json
import time
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.long_meeting import GAP_WITHIN
from tests.browser.people import chromium, visitor
from tests.browser.reading.lines import long_room

NOTE = "… {} s not recognized"


@pytest.fixture(scope="module")
def browser(playwright):
    with chromium(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def address(product, browser):
    """A room with a meeting in which three seconds of one line have no words."""
    return long_room(product, browser, GAP_WITHIN + 1, 0)


@pytest.fixture
def bob(browser, address):
    """A reader in that room, and the way on which the server's events come to him."""
    with visitor(browser) as bob:
        sockets = bob.sockets()
        bob.join("Bob", address)
        yield bob.page, sockets[0]


def line_with_a_gap(page: Page):
    return page.get_by_test_id("caption").filter(has_text=f"第 {GAP_WITHIN} 句")


def test_a_line_with_speech_without_words_says_so_beside_its_text(bob):
    page, _socket = bob
    line = line_with_a_gap(page)
    note = line.get_by_test_id("gap")
    expect(note).to_have_text(NOTE.format(3))
    expect(note).to_have_attribute(
        "title", "There is speech at 1.2–4.3 s of this line, but no words could be recognized."
    )
    expect(note).to_have_attribute("role", "note")
    expect(line.get_by_test_id("caption-text")).not_to_contain_text("not recognized")
    expect(page.locator(".caption").get_by_test_id("gap")).to_have_count(1)
    page.set_viewport_size({"width": 390, "height": 844})
    note.scroll_into_view_if_needed()
    expect(note).to_be_in_viewport(ratio=1)


def test_a_new_revision_brings_its_own_gaps_and_they_are_not_read_out_as_the_speaker_s_words(bob):
    page, socket = bob
    line = line_with_a_gap(page)
    expect(line).to_have_count(1)
    said = line.evaluate("line => ({clip: line.dataset.clip, speaker: line.dataset.speaker})")
    at = line.locator("time").evaluate("time => Date.parse(time.dateTime)")
    event = {"type": "caption", **said, "name": "Alice", "started_at": at, "state": "final", "lang": "en"}
    socket.send(json.dumps({**event, "revision": 2, "text": "All of it is understood now.", "gaps": []}))
    line = page.locator(f"[data-clip='{said['clip']}']")
    expect(line.get_by_test_id("caption-text")).to_have_text("All of it is understood now.")
    expect(line.get_by_test_id("gap")).to_have_count(0)
    gaps = [[0, 800], [2000, 3500]]
    socket.send(json.dumps({**event, "revision": 3, "text": "A part of it is.", "gaps": gaps}))
    expect(line.get_by_test_id("gap")).to_have_text(NOTE.format(2))
    expect(page.locator("#announce p").last).to_have_text("Alice: A part of it is.")


def test_speech_without_any_word_is_a_line_of_its_own(bob):
    page, socket = bob
    speaker, clip = str(uuid.uuid4()), str(uuid.uuid4())
    gap = {"type": "gap", "clip": clip, "speaker": speaker, "name": "Alice", "started_at": round(time.time() * 1000)}
    socket.send(json.dumps({**gap, "reason": "no_words"}))
    line = page.locator(f"[data-clip='{clip}']")
    expect(line).to_have_text("Alice spoke here, but no words could be recognized.")


def test_the_record_says_which_line_has_speech_without_words(bob, address):
    page, _socket = bob
    page.goto(f"{address}record/")
    page.locator("main a[href*='/record/']").first.click()
    line = page.locator(".record-line", has_text=f"第 {GAP_WITHIN} 句")
    expect(line.get_by_test_id("gap")).to_have_text(NOTE.format(3))
    expect(page.get_by_test_id("gap")).to_have_count(1)
