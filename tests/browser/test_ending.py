"""The host ends the meeting, and is asked each time anew."""

from playwright.sync_api import expect

from tests.browser.people import person


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
