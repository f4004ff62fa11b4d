"""The list of a room's lines as a reader has it before them, and a reader's ways to move in it."""

from urllib.parse import unquote

from playwright.sync_api import Page, expect

from tests.browser.long_meeting import fill
from tests.browser.people import visitor

LINES, MESSAGES = 450, 120
MOST = 300  # lines in the page, whichever way one scrolls
# What stands in the list now, from top to bottom: each line's id, and the moment it was said.
SHOWN = """() => [...document.querySelectorAll('#captions > *')].map((e) => e.dataset.clip ?? e.dataset.message)"""
TEXTS = """() => [...document.querySelectorAll('#captions > *')]
    .map((e) => (e.querySelector('.caption-text, .message-text') ?? e).textContent)"""


def long_room(served, browser, lines, messages):
    with visitor(browser) as alice:
        address = alice.make_room(served.address, "Weekly")
        alice.join("Alice")
    fill(served.data, slug_of(address), lines, messages)
    return address


def slug_of(address):
    return unquote(address.rstrip("/").rpartition("/")[2])


def scroll(page: Page, screens: float) -> None:
    page.evaluate("by => { const s = document.getElementById('scroll'); s.scrollTop += by * s.clientHeight; }", screens)


def quiet(page: Page) -> None:
    """Until the page has fetched what it wanted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def write(page: Page, text: str) -> None:
    page.get_by_test_id("chat-input").fill(text)
    page.get_by_test_id("chat-send").click()
    expect(page.locator(".message", has_text=text).last).not_to_have_class("waiting")


def together(page: Page) -> None:
    choose(page, on=True)


def apart(page: Page) -> None:
    choose(page, on=False)


def choose(page: Page, *, on: bool) -> None:
    page.locator("#sound summary").click()
    page.get_by_test_id("together").set_checked(on)
    page.locator("#sound summary").click()
    quiet(page)


def meeting_of(page: Page) -> int:
    """The meeting that the page shows, as its own requests name it."""
    with page.expect_request("**/lines.json?**") as asked:
        page.get_by_test_id("earlier").click()
    return int(asked.value.url.partition("meeting=")[2].partition("&")[0])
