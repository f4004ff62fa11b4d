"""Reading: who comes late reads back as far as they like, nothing moves under their eyes, their choices are kept."""

import json
import statistics
import time
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.long_meeting import LENGTH, fill
from tests.browser.people import chromium, visitor
from tests.meeting.product import serving, until
from tests.pace import assert_within

pytestmark = pytest.mark.long

LINES, MESSAGES = 450, 120
MOST = 300  # lines in the page, whichever way one scrolls
# What stands in the list now, from top to bottom: each line's id, and the moment it was said.
SHOWN = """() => [...document.querySelectorAll('#captions > *')].map((e) => e.dataset.clip ?? e.dataset.message)"""
TEXTS = """() => [...document.querySelectorAll('#captions > *')]
    .map((e) => (e.querySelector('.caption-text, .message-text') ?? e).textContent)"""
# The line in the middle of the view, and how far below the view's upper edge it stands.
MIDDLE = """() => {
  const scroll = document.getElementById('scroll');
  const box = scroll.getBoundingClientRect();
  const found = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  window.watched = found.closest('#captions > *');
  return window.watched.getBoundingClientRect().top;
}"""
WATCHED = "() => window.watched.getBoundingClientRect().top"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The product, with rooms whose meetings are written into its database."""
    with serving(tmp_path_factory.mktemp("reading")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright):
    """One browser for all; each person has a session of their own in it."""
    with chromium(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def address(served, browser):
    """A room with hours of a meeting in it."""
    return long_room(served, browser, LINES, MESSAGES)


def long_room(served, browser, lines, messages):
    with visitor(browser) as alice:
        address = alice.make_room(served.address, "Weekly")
        alice.join("Alice")
    fill(served.data, slug_of(address), lines, messages)
    return address


def slug_of(address):
    return unquote(address.rstrip("/").rpartition("/")[2])


@pytest.fixture
def page(browser, address) -> Iterator[Page]:
    """What somebody who comes late sees."""
    with visitor(browser) as carol:
        carol.join("Carol", address)
        carol.page.get_by_test_id("caption").first.wait_for()
        yield carol.page


def scroll(page: Page, screens: float) -> None:
    page.evaluate("by => { const s = document.getElementById('scroll'); s.scrollTop += by * s.clientHeight; }", screens)


def quiet(page: Page) -> None:
    """Until the page has fetched what it wanted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


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
    sockets = []

    def opened(socket):
        socket.connect_to_server()
        sockets.append(socket)

    with visitor(browser) as carol, visitor(browser) as bob:
        bob.join("Bob", address)
        carol.page.route_web_socket("**/ws/rooms/**", opened)
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
        sockets = []
        reader.page.route_web_socket("**/ws/rooms/**", lambda ws: sockets.append((ws, ws.connect_to_server())))
        reader.join("Dora", address)
        reader.page.get_by_test_id("caption").first.wait_for()
        [(to_page, _server)] = sockets
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


def together(page: Page) -> None:
    choose(page, on=True)


def apart(page: Page) -> None:
    choose(page, on=False)


def choose(page: Page, *, on: bool) -> None:
    page.locator("#sound summary").click()
    page.get_by_test_id("together").set_checked(on)
    page.locator("#sound summary").click()
    quiet(page)


def write(page: Page, text: str) -> None:
    page.get_by_test_id("chat-input").fill(text)
    page.get_by_test_id("chat-send").click()
    expect(page.locator(".message", has_text=text).last).not_to_have_class("waiting")


def meeting_of(page: Page) -> int:
    """The meeting that the page shows, as its own requests name it."""
    with page.expect_request("**/lines.json?**") as asked:
        page.get_by_test_id("earlier").click()
    return int(asked.value.url.partition("meeting=")[2].partition("&")[0])


JOINED = """() => new Promise((done) => {
  const look = () => {
    const line = document.querySelector('#captions > :last-child .caption-text');
    if (!line?.checkVisibility()) return requestAnimationFrame(look);
    requestAnimationFrame(() => done(performance.now()));
  };
  look();
})"""


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
