"""The room on a phone: captions are the page, everything else rises as a sheet, and all is large enough for a thumb."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import chromium, visitor

pytestmark = pytest.mark.long

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
THUMB = 44  # px
SMALL = """(least) => [...document.querySelectorAll('button, a, select, input:not([type=checkbox]), textarea, summary')]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest('.skip, .unseen'))
  .map((e) => ({what: e.id || e.className || e.textContent.trim(), box: e.getBoundingClientRect()}))
  .filter(({box}) => box.height < least)
  .map(({what, box}) => `${what}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""
LETTERS = """() => [...document.querySelectorAll('input:not([type=checkbox]), textarea, select')]
  .filter((e) => e.checkVisibility()).map((e) => [e.id, parseFloat(getComputedStyle(e).fontSize)])"""


@pytest.fixture(scope="module")
def browser(playwright):
    with chromium(playwright) as running:
        yield running


@pytest.fixture
def page(product, browser):
    with visitor(browser, **PHONE) as alice:
        alice.make_room(product.address, "Pocket")
        alice.join("Alice")
        yield alice.page


def test_captions_have_more_than_half_of_the_screen_and_nothing_is_wider_than_it(page):
    stage = page.locator(".stage").bounding_box()
    assert stage["height"] > 844 / 2
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_members_rise_as_a_sheet_and_go_by_escape_and_by_a_tap_beside_them(page):
    fold = page.locator("#members-fold")
    members = page.get_by_test_id("members")
    expect(fold).to_contain_text("1")
    expect(members).to_be_hidden()
    fold.click()
    expect(members).to_be_visible()
    expect(fold).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(members).to_be_hidden()
    expect(fold).to_be_focused()
    fold.click()
    page.touchscreen.tap(195, 200)
    expect(members).to_be_hidden()


def test_the_chat_rises_as_a_sheet_and_is_closed_when_one_comes_back(page):
    field = page.get_by_test_id("chat-input")
    expect(field).to_be_hidden()
    page.locator("#chat-fold").click()
    field.fill("Good morning")
    page.get_by_test_id("chat-send").click()
    expect(page.get_by_test_id("message")).to_have_count(1)
    page.touchscreen.tap(195, 100)
    expect(field).to_be_hidden()
    page.locator("#chat-fold").click()
    page.reload()
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "online")
    expect(field).to_be_hidden()


def test_what_is_done_with_the_room_and_the_microphone_s_choice_are_put_away(page):
    expect(page.get_by_test_id("leave")).to_be_hidden()
    page.locator("#more").click()
    expect(page.get_by_test_id("leave")).to_be_visible()
    page.get_by_test_id("open-settings").click()
    expect(page.get_by_test_id("room-settings")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("microphone")).to_be_hidden()
    page.locator("#sound summary").click()
    expect(page.get_by_test_id("microphone")).to_be_visible()


@pytest.mark.parametrize("opened", ["", "#members-fold", "#chat-fold", "#more", "#sound summary"])
def test_everything_is_large_enough_for_a_thumb_and_ios_need_not_zoom(page, opened):
    if opened:
        page.locator(opened).click()
    assert page.evaluate(SMALL, THUMB) == []
    assert [field for field, size in page.evaluate(LETTERS) if size < 16] == []
