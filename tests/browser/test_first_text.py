"""A line that is shown with its first text and revised, as a reader and a screen reader have it."""

import json
import time
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.long_meeting import GAP_WITHIN
from tests.browser.people import chromium, visitor
from tests.browser.reading.lines import long_room


@pytest.fixture
def bob(product, playwright):
    """A reader, and the way on which the server's events come to him."""
    with chromium(playwright) as browser:
        address = long_room(product, browser, GAP_WITHIN + 1, 0)
        with visitor(browser) as bob:
            sockets = bob.sockets()
            bob.join("Bob", address)
            yield bob.page, sockets[0]


def test_a_revised_line_is_replaced_in_place_and_read_out_once_a_revision(bob):
    page, socket = bob
    clip, speaker = str(uuid.uuid4()), str(uuid.uuid4())
    said = {"clip": clip, "speaker": speaker, "name": "Alice", "started_at": round(time.time() * 1000), "lang": "en"}

    def tell(revision: int, text: str) -> None:
        socket.send(json.dumps({"type": "caption", **said, "state": "final", "revision": revision, "text": text}))

    lines, announced = page.get_by_test_id("caption"), page.locator(f"#announce [data-of='{clip}']")
    line = page.locator(f"[data-clip='{clip}']")
    expect(lines).not_to_have_count(0)  # those of the meeting are there
    before = lines.count()
    tell(1, "We need sixty fie people.")
    expect(line.get_by_test_id("caption-text")).to_have_text("We need sixty fie people.")
    expect(announced).to_have_text("Alice: We need sixty fie people.")
    expect(lines).to_have_count(before + 1)
    line.evaluate("line => { line.dataset.same = 'yes'; }")
    page.evaluate("""() => {
        window.read = [];
        const read = (changes) => changes.forEach((c) => c.addedNodes.forEach((n) => window.read.push(n.textContent)));
        new MutationObserver(read).observe(document.getElementById('announce'), { childList: true });
    }""")
    for _ in range(2):  # the second one tells nothing new
        tell(2, "We need sixty-five people.")
    expect(line.get_by_test_id("caption-text")).to_have_text("We need sixty-five people.")
    expect(line).to_have_attribute("data-same", "yes")
    expect(announced).to_have_text("Alice: We need sixty-five people.")
    expect(lines).to_have_count(before + 1)
    socket.send(json.dumps({"type": "unsaid", "clip": clip}))
    expect(line).to_have_count(0)
    expect(announced).to_have_count(0)
    assert page.evaluate("() => window.read") == ["Alice: We need sixty-five people."]
