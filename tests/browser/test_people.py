"""People among themselves, in real browsers: names, the host's settings, who speaks, and leaving."""

from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from meet.socket.rate_limit import MESSAGES
from tests.browser.kept import kept_clips
from tests.browser.people import Person, chromium, script, visitor
from tests.sentences import sentences

# faster than hands
WRITE_AT_ONCE = """(lines) => lines.forEach((line) => {
  document.getElementById('chat-input').value = line;
  document.getElementById('chat-form').requestSubmit();
})"""


@pytest.fixture(scope="module")
def browser(playwright, tmp_path_factory):
    """One for everybody here; what its microphone hears, half a minute, is played once, to who records."""
    said = script(tmp_path_factory.mktemp("people") / "said.wav", sentences("zh", exact=True)[:10], pause=0.6)
    with chromium(playwright, said.path) as running:
        yield running


@pytest.fixture
def two(product, browser):
    """Alice, the host, who has something to say, and another Alice, in a room of hers."""
    with visitor(browser) as alice, visitor(browser) as other:
        address = alice.make_room(product.address, "週會")
        alice.join("Alice")
        other.join("alice", address)
        yield alice, other, address


def members(someone: Person):
    """The names in the list of people."""
    return someone.page.locator("[data-testid=member] .member-name")


def rename(someone: Person, name: str) -> None:
    """By keyboard, as somebody without a mouse does it."""
    someone.page.locator("[data-testid=rename]:visible").press("Enter")
    expect(someone.page.get_by_test_id("rename-name")).to_be_focused()
    someone.page.get_by_test_id("rename-name").fill(name)
    someone.page.keyboard.press("Enter")
    expect(someone.page.get_by_test_id("rename-sheet")).to_be_hidden()


def test_equal_names_are_told_apart_and_a_new_name_stands_over_what_was_written(two):
    alice, other, _address = two
    for page in (alice, other):
        expect(members(page)).to_have_text(["Alice", "alice (2)"])
    alice.page.get_by_test_id("chat-input").fill("<b>hello</b>")
    alice.page.get_by_test_id("chat-send").click()
    expect(other.page.locator(".message-name")).to_have_text("Alice")
    rename(alice, "Alicia")
    expect(members(other)).to_have_text(["Alicia", "alice (2)"])
    expect(other.page.locator(".message-name")).to_have_text("Alicia")


def test_what_the_host_decides_is_seen_by_everybody_at_once_and_in_the_lobby(two, product):
    alice, other, address = two
    other.page.get_by_test_id("spoken-language").select_option("zh")
    alice.page.get_by_test_id("open-settings").press("Enter")
    expect(alice.page.get_by_test_id("settings-name")).to_have_value("週會")
    alice.page.get_by_test_id("settings-name").fill("月會 <i>")
    alice.page.get_by_test_id("settings-listed").press("Space")
    for code in ("en", "ja"):
        alice.page.locator(f"#room-settings [value={code}]").press("Space")
    alice.page.keyboard.press("Enter")
    expect(alice.page.get_by_test_id("room-settings")).to_be_hidden()
    for someone in (alice, other):
        expect(someone.page.get_by_test_id("room-title")).to_have_text("月會 <i>")
        offered = someone.page.get_by_test_id("spoken-language").locator("option")
        expect(offered).to_have_text(["Automatic", "English", "Japanese"])
    expect(other.page.get_by_test_id("spoken-language")).to_have_value("")
    expect(other.page.locator("#losses")).to_contain_text("Chinese")
    lobby = other.page.context.new_page()
    lobby.goto(product.address)
    listed = lobby.get_by_test_id("listed-rooms").get_by_role("link", name="月會 <i>")
    expect(listed).to_contain_text("2 people here now")
    listed.click()
    assert lobby.url == address  # the link stays the same
    expect(lobby.get_by_test_id("spoken-language").locator("option")).to_have_text(["Automatic", "English", "Japanese"])


def test_the_link_shown_opens_the_room(two):
    _alice, other, address = two
    shown = other.page.get_by_test_id("room-link").inner_text()
    assert "週會" in shown
    guest = other.page.context.browser.new_context().new_page()
    guest.goto(shown)
    expect(guest.get_by_test_id("join")).to_be_visible()
    assert guest.url == address


def test_who_leaves_while_speaking_is_gone_at_once_and_what_they_said_arrives(two, product):
    alice, other, address = two
    alice.record()
    speaks = "[data-testid=member][data-speaking] .member-name"
    expect(other.page.locator(speaks)).to_have_text("Alice")
    late = other.page.context.new_page()  # a second tab of somebody who is here: nobody more, and it sees who speaks
    late.goto(address)
    expect(members(Person(late, []))).to_have_count(2)
    expect(late.locator(speaks)).to_have_text("Alice")
    other.wait_for_captions(1, 60)
    alice.page.get_by_test_id("leave").click()
    alice.page.wait_for_url(f"{product.address}/", timeout=30_000)
    expect(members(other)).to_have_text(["alice (2)"])
    expect(other.page.locator(speaks)).to_have_count(0)
    clips = kept_clips(product.data, unquote(address))
    assert clips
    assert not [clip for clip in clips if clip.state == "receiving" or clip.cut_short]  # nothing was left behind
    alice.join("Alicia", address)  # the same person again: their new name stands over what they said before
    expect(members(other)).to_have_text(["Alicia", "alice (2)"])
    for speaker in other.page.get_by_test_id("caption-speaker").all():
        expect(speaker).to_have_text("Alicia")
    late.close()
    expect(members(other)).to_have_text(["Alicia", "alice (2)"])


def test_more_messages_than_anybody_writes_are_told_and_arrive_all_the_same(two):
    alice, other, _address = two
    written = [f"line {number}" for number in range(MESSAGES.at_once + 4)]
    alice.page.evaluate(WRITE_AT_ONCE, written)
    expect(alice.page.get_by_text("You are sending messages too fast.")).to_have_count(1)
    expect(other.page.get_by_test_id("message")).to_have_count(len(written))
    assert sorted(other.page.locator(".message-text").all_inner_texts()) == sorted(written)
    expect(alice.page.locator(".message.waiting")).to_have_count(0)


def test_who_leaves_in_one_tab_has_left_in_the_other(two, product):
    _alice, other, address = two
    tab = other.page.context.new_page()
    tab.goto(address)
    expect(tab.get_by_test_id("connection")).to_have_attribute("data-state", "online")
    other.page.get_by_test_id("leave").click()
    other.page.wait_for_url(f"{product.address}/")
    expect(tab.locator("#socket-refused")).to_be_visible()
    expect(tab.get_by_role("link", name="Join again")).to_be_visible()
