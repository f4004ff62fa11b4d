"""A reader's choices are kept, and everything is read, heard and reached without a mouse."""

import json
import time

import pytest
from playwright.sync_api import expect

from tests.browser.people import visitor
from tests.browser.reading.lines import MESSAGES, apart, meeting_of, quiet, together, write
from tests.meeting.product import until

pytestmark = pytest.mark.long


def test_one_stream_holds_captions_and_chat_by_time_and_the_choice_is_kept(page):
    together(page)
    quiet(page)
    moments = page.evaluate(
        """() => [...document.querySelectorAll('#captions > *')]
            .map((e) => Number(e.dataset.sentAt ?? Date.parse(e.querySelector('time')?.dateTime ?? '')))
            .filter((at) => !Number.isNaN(at))"""
    )
    assert moments == sorted(moments)
    kinds = page.evaluate("() => [...document.querySelectorAll('#captions > *')].map((e) => e.dataset.testid)")
    assert set(kinds) >= {"caption", "message"}
    expect(page.locator("#messages")).to_be_hidden()
    write(page, "In the stream")
    expect(page.locator("#captions > .message").last).to_contain_text("In the stream")
    page.reload()
    expect(page.locator("#captions > .message").last).to_contain_text("In the stream")
    apart(page)
    expect(page.locator("#messages .message").last).to_contain_text("In the stream")
    expect(page.locator("#captions > .message")).to_have_count(0)


def test_the_whole_chat_can_be_read_back(page):
    def shown() -> list[str]:
        found: list[str] = page.evaluate(
            "() => [...document.querySelectorAll('#message-list > *')].map((e) => e.dataset.message)"
        )
        return found

    assert len(shown()) == 50
    page.evaluate("document.getElementById('messages').scrollTop = 0")
    until(lambda: len(shown()) >= 100, 10, lambda: f"{len(shown())} messages")
    quiet(page)
    page.evaluate("document.getElementById('messages').scrollTop = 0")
    until(lambda: len(shown()) >= MESSAGES, 10, lambda: f"{len(shown())} messages")
    assert len(set(shown())) == len(shown())


def test_folded_chat_counts_what_is_unread(page, browser, address):
    page.locator("#chat-fold").click()
    with visitor(browser) as bob:
        bob.join("Bob", address)
        write(bob.page, "One")
        write(bob.page, "Two")
        expect(page.locator("#chat-unread")).to_have_text("2")
    page.locator("#chat-fold").click()
    expect(page.locator("#chat-unread")).to_have_text("")
    expect(page.locator("#messages .message").last).to_contain_text("Two")


def test_size_and_languages_are_kept_by_the_browser(page):
    def size() -> str:
        return page.locator(".caption-text").first.evaluate("text => getComputedStyle(text).fontSize")

    def languages() -> set[str]:
        rows = page.get_by_test_id("caption-translation")
        return set(rows.evaluate_all("rows => rows.map((row) => row.lang)"))

    before = size()
    assert languages() == {"zh-Hans", "en", "ja"}
    page.get_by_role("button", name="Larger").click()
    page.get_by_role("checkbox", name="Japanese").uncheck()
    assert float(size()[:-2]) > float(before[:-2])
    larger = size()
    page.reload()
    page.get_by_test_id("caption").first.wait_for()
    assert size() == larger
    assert languages() == {"zh-Hans", "en"}


def test_finals_and_messages_are_announced_politely_and_partials_never(browser, address):
    with visitor(browser) as reader:
        sockets = reader.sockets()
        reader.join("Dora", address)
        reader.page.get_by_test_id("caption").first.wait_for()
        [to_page] = sockets
        region = reader.page.locator("#announce")
        assert region.get_attribute("aria-live") == "polite"
        said = {
            "type": "caption",
            "meeting": meeting_of(reader.page),
            "clip": "0d4f7d0e-5d0c-4b8e-9f3a-0a1b2c3d4e5f",
            "speaker": "3d2c8d2e-51a7-4c1c-b1f7-9b4b8a3a8f00",
            "name": "Bob",
            "started_at": round(time.time() * 1000),
            "state": "partial",
            "revision": 1,
            "lang": "en",
            "text": "Half a sen",
        }
        to_page.send(json.dumps(said))
        line = reader.page.locator(f'[data-clip="{said["clip"]}"]')
        expect(line).to_have_attribute("data-state", "partial")
        assert region.inner_text() == ""
        to_page.send(json.dumps({**said, "state": "final", "text": "Half a sentence.", "seq": 10**6}))
        expect(region).to_contain_text("Bob: Half a sentence.")
        assert "Half a sen\n" not in region.inner_text()
        assert (
            reader.page.locator("[aria-live], [role=log], [role=status], [role=alert]")
            .filter(has=reader.page.get_by_test_id("caption"))
            .count()
            == 0
        )


def test_nothing_moves_for_whoever_wants_no_motion(page):
    page.get_by_test_id("caption").last.evaluate("line => { line.dataset.state = 'partial'; }")
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == 0


FOCUSED = """() => {
  window.reached ??= new Set();
  const e = document.activeElement;
  const again = window.reached.has(e);
  window.reached.add(e);
  const ring = getComputedStyle(e.matches('.pill input') ? e.nextElementSibling : e);
  return {again, id: e.id || e.dataset.testid || e.className,
          ring: e === document.body || (ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) > 0)};
}"""


def test_everything_is_reached_by_keyboard_and_nothing_holds_the_focus(page):
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
        if reached[-1]["again"]:
            break
    assert reached[-1]["again"], "the focus does not come round"
    ids = [one["id"] for one in reached]
    wanted = ["scroll", "chat-fold", "messages", "chat-input", "record", "smaller", "larger"]
    assert [one for one in wanted if one not in ids] == []
    assert [one["id"] for one in reached if not one["ring"]] == []


def test_the_skip_link_leads_to_the_captions_and_arrows_scroll_them(page):
    page.evaluate("document.activeElement.blur()")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    page.locator("#scroll").focus()
    top = page.evaluate("document.getElementById('scroll').scrollTop")
    page.keyboard.press("PageUp")
    until(
        lambda: page.evaluate("document.getElementById('scroll').scrollTop") < top - 50, 5, lambda: "it does not scroll"
    )
    expect(page.get_by_test_id("newest")).to_be_visible()


def test_escape_closes_the_settings_and_gives_the_focus_back(page):
    summary = page.locator("#sound summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announce-captions")).to_be_visible()
    page.locator("#announce-captions").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#announce-captions")).to_be_hidden()
    assert page.evaluate("document.activeElement === document.querySelector('#sound summary')")
