"""Who comes late reads back as far as they like, and nothing moves under their eyes."""

import statistics

import pytest
from playwright.sync_api import Page, expect

from tests.browser.long_meeting import LENGTH
from tests.browser.people import visitor
from tests.browser.reading.lines import LINES, MOST, SHOWN, TEXTS, long_room, quiet, scroll, together, write
from tests.meeting.product import until
from tests.pace import assert_within

pytestmark = pytest.mark.long

# The line in the middle of the view, and how far below the view's upper edge it stands.
MIDDLE = """() => {
  const scroll = document.getElementById('scroll');
  const box = scroll.getBoundingClientRect();
  const found = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  window.watched = found.closest('#captions > *');
  return window.watched.getBoundingClientRect().top;
}"""
WATCHED = "() => window.watched.getBoundingClientRect().top"


def walk(page: Page, screens: float) -> list[str]:
    """Scroll until nothing more comes: everything that was in the page on the way, in the order of the record."""
    found: list[str] = []
    still = 0
    while still < 3:
        shown = page.evaluate(SHOWN)
        assert len(shown) == len(set(shown)) <= MOST
        found = merged(found, shown)
        before = page.evaluate("document.getElementById('scroll').scrollTop")
        scroll(page, screens)
        quiet(page)
        still = still + 1 if before == page.evaluate("document.getElementById('scroll').scrollTop") else 0
    return found


def merged(found: list[str], shown: list[str]) -> list[str]:
    """The record so far, and a stretch that overlaps it: they must agree about what stands next to what."""
    if not found:
        return shown
    common = set(found) & set(shown)
    assert common, "a hole: what was in the page before and what is now have nothing in common"
    assert [one for one in found if one in common] == [one for one in shown if one in common]
    first, last = shown.index(found[0]) if found[0] in shown else 0, found[-1]
    return shown[:first] + found + (shown[shown.index(last) + 1 :] if last in shown else [])


def test_who_comes_late_sees_the_newest_fifty_lines_and_stands_at_the_end(page):
    texts = page.evaluate(TEXTS)
    assert len(texts) == 50
    assert f"第 {LINES - 1} 句" in texts[-1]
    scroll = "const s = document.getElementById('scroll')"
    end = page.evaluate(f"() => {{ {scroll}; return s.scrollHeight - s.scrollTop - s.clientHeight; }}")
    assert end < 2


def test_the_rest_comes_as_one_scrolls_up_and_down_again_nothing_lost_or_doubled(page):
    upwards = walk(page, -0.9)
    assert len(upwards) == LINES
    assert "第 0 句" in page.evaluate(TEXTS)[0]
    assert len(page.evaluate(SHOWN)) == MOST  # the newest went
    expect(page.get_by_test_id("earlier")).to_be_hidden()
    assert walk(page, 0.9) == upwards[-len(upwards) :]
    assert page.evaluate(SHOWN)[-1] == upwards[-1]
    expect(page.get_by_test_id("newest")).to_be_hidden()


def test_what_one_reads_stays_where_it_is_while_older_lines_are_put_in(page):
    scroll(page, -0.5)
    before = len(page.evaluate(SHOWN))
    page.evaluate("document.getElementById('scroll').scrollTop = 300")
    at = page.evaluate(MIDDLE)
    until(lambda: len(page.evaluate(SHOWN)) > before, 10, lambda: "no older lines came")
    quiet(page)
    assert abs(page.evaluate(WATCHED) - at) < 3


def test_newest_leads_back_from_far_up(page):
    newest = page.evaluate(SHOWN)[-1]
    for _ in range(60):
        scroll(page, -3)
        quiet(page)
        if newest not in page.evaluate(SHOWN):
            break
    assert newest not in page.evaluate(SHOWN)
    page.get_by_test_id("newest").click()
    page.locator(f'#captions > [data-clip="{newest}"]').wait_for()
    expect(page.get_by_test_id("newest")).to_be_hidden()


def test_the_button_for_earlier_lines_does_it_by_keyboard(page):
    page.get_by_test_id("earlier").focus()
    page.keyboard.press("Enter")
    until(lambda: len(page.evaluate(SHOWN)) > 50, 10, lambda: "no older lines came")


def test_lines_that_come_meanwhile_are_counted_and_move_nothing(page, browser, address):
    together(page)
    with visitor(browser) as bob:
        bob.join("Bob", address)
        scroll(page, -2)
        quiet(page)
        at = page.evaluate(MIDDLE)
        before = page.evaluate(SHOWN)
        for n in range(3):
            write(bob.page, f"Meanwhile {n}")
        expect(page.locator("#newest-count")).to_have_text("3")
        assert abs(page.evaluate(WATCHED) - at) < 2
        assert page.evaluate(SHOWN)[-4] == before[-1]
        page.get_by_test_id("newest").click()
        expect(page.locator("#captions > .message").last).to_contain_text("Meanwhile 2")
        expect(page.get_by_test_id("newest")).to_be_hidden()


def test_what_comes_while_one_reads_far_up_is_there_when_one_comes_down(page, browser, address):
    together(page)
    newest = page.evaluate(SHOWN)[-1]
    while newest in page.evaluate(SHOWN):
        scroll(page, -3)
        quiet(page)
    with visitor(browser) as bob:
        bob.join("Bob", address)
        write(bob.page, "Down here")
    expect(page.locator("#newest-count")).to_have_text("1")
    texts = page.evaluate(TEXTS)
    assert "Down here" not in texts
    walk(page, 0.9)
    assert page.evaluate(TEXTS)[-1] == "Down here"


def test_who_reads_further_up_keeps_their_place_over_a_reconnect_and_misses_nothing(browser, address):
    with visitor(browser) as carol, visitor(browser) as bob:
        bob.join("Bob", address)
        sockets = carol.sockets()
        carol.join("Carol", address)
        page = carol.page
        together(page)
        scroll(page, -2)
        quiet(page)
        at = page.evaluate(MIDDLE)
        sockets[0].close(code=1001)
        write(bob.page, "While away")
        until(lambda: page.evaluate(TEXTS)[-1] == "While away", 30, lambda: "what was missed does not come")
        assert len(sockets) > 1
        quiet(page)
        assert abs(page.evaluate(WATCHED) - at) < 3
        shown = page.evaluate(SHOWN)
        assert len(shown) == len(set(shown))


JOINED = """() => new Promise((done) => {
  const look = () => {
    const line = document.querySelector('#captions > :last-child .caption-text');
    if (!line?.checkVisibility()) return requestAnimationFrame(look);
    requestAnimationFrame(() => done(performance.now()));
  };
  look();
})"""


@pytest.mark.alone
def test_joining_a_meeting_of_three_thousand_lines_shows_captions_within_a_second(served, browser):
    address = long_room(served, browser, 3000, 300)
    with visitor(browser) as bob:
        bob.join("Bob", address)

        def joined() -> float:
            """From the start of the navigation to the room's page until its newest caption stands on it, of 3,000."""
            took = []
            for _ in range(3):
                bob.page.goto(address)
                took.append(bob.page.evaluate(JOINED) / 1000)
                assert "第 2999 句" in bob.page.evaluate(TEXTS)[-1]
            return statistics.median(took)

        assert_within(1.0, joined, f"captions of a meeting of {LENGTH} h and 3,000 lines")
