"""The host ends the meeting, and is asked each time anew."""

from playwright.sync_api import expect

from tests.browser.people import person, script
from tests.sentences import sentences


def write(page, text):
    page.get_by_test_id("chat-input").fill(text)
    page.get_by_test_id("chat-send").click()


def test_escape_ends_no_meeting_after_one_was_ended_from_this_page(product, playwright):
    with person(playwright) as alice:
        alice.make_room(product.address, "Twice")
        alice.join("Alice")
        write(alice.page, "First")
        alice.page.get_by_test_id("end-meeting").click()
        alice.page.get_by_test_id("end-meeting-confirm").click()
        expect(alice.page.locator("#meeting-ended")).to_be_visible()
        write(alice.page, "Second")
        expect(alice.page.locator(".message:not(.waiting)", has_text="Second")).to_be_visible()
        expect(alice.page.locator("#meeting-ended")).to_be_hidden()
        alice.page.get_by_test_id("end-meeting").click()
        alice.page.keyboard.press("Escape")
        expect(alice.page.locator("#end-question")).to_be_hidden()
        write(alice.page, "Third")  # an end would have come before it
        expect(alice.page.locator(".message:not(.waiting)", has_text="Third")).to_be_visible()
        expect(alice.page.locator("#meeting-ended")).to_be_hidden()
        expect(alice.page.locator(".message", has_text="Second")).to_be_visible()


def test_the_end_of_a_meeting_ends_everybodys_recording(product, playwright, tmp_path):
    """Or the next word would begin another one, and take what was said from every page."""
    sentence = next(one for one in sentences("en", exact=True) if one.seconds > 2)
    played = script(tmp_path / "speaker.wav", [sentence])
    with person(playwright) as host, person(playwright, played.path) as speaker:
        address = host.make_room(product.address, "Over")
        host.join("Host")
        speaker.join("Speaker", address)
        host.record()
        speaker.record()
        expect(host.page.get_by_test_id("caption-text")).to_have_text(sentence.text)
        host.page.get_by_test_id("end-meeting").click()
        host.page.get_by_test_id("end-meeting-confirm").click()
        for someone in (host, speaker):
            expect(someone.page.locator("#meeting-ended")).to_be_visible()
            expect(someone.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "false")
            expect(someone.page.get_by_test_id("capture-state")).to_have_attribute("data-state", "off")
        speaker.record()  # who presses again means it
        expect(speaker.page.get_by_test_id("capture-state")).to_have_attribute("data-state", "listening")
