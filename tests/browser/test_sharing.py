"""A call in another tab is shared into the room: a speaker of its own beside its owner's microphone.

The tab is a real one and its sound the browser's own; only the window in which one would choose it is skipped. What
Chromium does not let a test press, a cancelled choice or a tab without sound, is put in getDisplayMedia's place.
"""

import os
import shutil
import signal
from contextlib import contextmanager
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.capture_page import FLAGS
from tests.browser.kept import kept_clips
from tests.browser.people import Person, person, script
from tests.meeting.product import until
from tests.sentences import sentences

pytestmark = pytest.mark.long

CALL = "http://call.test/"
# like no other one: the browser takes what it plays out of what the microphone hears, and of «sixty-five» a little too
MINE = [s for s in sentences("en", exact=True) if s.text.startswith("Let's take a short break")]
THEIRS = [s for s in sentences("zh", exact=True) if s.seconds > 2]
NO_SOUND = """() => { navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = document.createElement('canvas');
  canvas.getContext('2d');
  return canvas.captureStream();
}; }"""
CANCELLED = """() => { navigator.mediaDevices.getDisplayMedia = async () => {
  throw new DOMException('Permission denied', 'NotAllowedError');
}; }"""
PICTURES_ONLY = """navigator.mediaDevices.getSupportedConstraints = () => ({echoCancellation: true});"""


@contextmanager
def sharer(playwright, sound):
    """Somebody with a microphone that plays a file and leave to use it, whose choice of a tab falls on the call."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: apt-get install chromium"
    flags = [
        *FLAGS,
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}%noloop",
        "--auto-select-tab-capture-source-by-title=The call",
    ]
    browser = playwright.chromium.launch(executable_path=chromium, args=flags, ignore_default_args=["--mute-audio"])
    try:
        context = browser.new_context(locale="en-GB", viewport={"width": 1366, "height": 850})
        context.grant_permissions(["microphone"])
        page = context.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield Person(page, problems)
        assert not problems, problems
    finally:
        browser.close()


class Call:
    """A call in another tab of somebody's browser."""

    def __init__(self, somebody, said):
        self.page = somebody.page.context.new_page()
        self.page.route(
            f"{CALL}*", lambda route: route.fulfill(body="<title>The call</title>", content_type="text/html")
        )
        self.page.route(f"{CALL}sound.wav", lambda route: route.fulfill(path=said.path, content_type="audio/wav"))
        self.page.goto(CALL)
        somebody.page.bring_to_front()

    def begins(self):
        self.page.evaluate("new Audio('/sound.wav').play()")

    def is_over(self):
        """As the browser's own «stop sharing» does, this ends what was captured of it."""
        self.page.close()


@pytest.fixture
def alice(product, playwright, tmp_path):
    """Alice, who says a sentence, and beside her a call in which two are said."""
    mine = script(tmp_path / "mine.wav", MINE[:1], lead=4.0)
    theirs = script(tmp_path / "theirs.wav", THEIRS[:2], lead=1.0)
    with sharer(playwright, mine.path) as somebody:
        somebody.room = somebody.make_room(product.address, "Sharing")
        somebody.join("Alice")
        somebody.call = Call(somebody, theirs)
        yield somebody


def share(somebody):
    button = somebody.page.get_by_test_id("share-sound")
    button.click()
    expect(button).to_have_attribute("data-state", "listening")


def shared_no_more(somebody):
    expect(somebody.page.get_by_test_id("share-sound")).to_have_attribute("aria-pressed", "false")
    expect(somebody.page.get_by_test_id("member")).to_have_count(1)


def said(somebody):
    """Who said what."""
    return {(line["speaker"], line["text"]) for line in somebody.captions()}


def test_a_call_in_another_tab_is_a_speaker_of_its_own_while_the_microphone_records(product, playwright, alice):
    with person(playwright) as bob:
        bob.join("Bob", alice.room)
        share(alice)
        alice.record()
        alice.call.begins()
        expect(bob.page.get_by_test_id("member")).to_have_count(3)
        expect(bob.page.locator("#member-count")).to_have_text("2")
        rows = bob.page.get_by_test_id("member").evaluate_all("rows => rows.map((row) => row.dataset.kind)")
        assert len(set(rows)) == 3
        bob.wait_for_captions(3, 40)
        sound = "Alice's shared sound"
        assert said(bob) == {("Alice", MINE[0].text), *((sound, s.text) for s in THEIRS[:2])}
        alice.stop()
        alice.page.get_by_test_id("share-sound").click()
        bob.page.close()
        shared_no_more(alice)
    clips = kept_clips(product.data, unquote(alice.room))
    for speaker, texts in (("Alice", [MINE[0].text]), (sound, [s.text for s in THEIRS[:2]])):
        theirs = [c for c in clips if c.speaker == speaker]
        assert [c.number for c in theirs] == list(range(len(theirs)))
        # sound that a busy machine's browser breaks off and begins anew may be taken for speech: such a clip is silent
        assert [c.text for c in theirs if c.state != "silent"] == texts


def test_a_call_that_is_over_ends_the_sharing_and_keeps_what_was_said_in_it(product, alice):
    share(alice)
    alice.call.begins()
    alice.wait_for_captions(1, 30)
    expect(alice.page.get_by_test_id("share-sound")).to_have_attribute("data-state", "speaking")
    alice.page.wait_for_timeout(1000)
    alice.call.is_over()
    shared_no_more(alice)
    alice.wait_for_captions(2, 30)
    [first, second] = [c for c in kept_clips(product.data, unquote(alice.room)) if c.state != "silent"]
    assert (first.text, second.cut_short) == (THEIRS[0].text, False)
    assert second.text[:2] == THEIRS[1].text[:2]


def test_sharing_goes_on_after_the_line_was_gone_and_nothing_of_it_is_lost(product, alice):
    share(alice)
    alice.call.begins()
    expect(alice.page.get_by_test_id("share-sound")).to_have_attribute("data-state", "speaking")
    os.kill(product.child("meeting.web"), signal.SIGKILL)
    alice.wait_for_captions(2, 60)
    assert said(alice) == {("Alice's shared sound", s.text) for s in THEIRS[:2]}
    expect(alice.page.get_by_test_id("member")).to_have_count(2)
    clips = kept_clips(product.data, unquote(alice.room))
    assert [(c.number, c.captions) for c in clips if c.text] == [(0, 1), (1, 1)]


@pytest.mark.parametrize(("choice", "code"), [(NO_SOUND, "share-silent"), (CANCELLED, "share-refused")])
def test_what_was_shared_without_sound_or_not_at_all_is_told(alice, choice, code):
    alice.page.evaluate(choice)
    alice.page.get_by_test_id("share-sound").click()
    error = alice.page.get_by_test_id("share-error")
    expect(error).to_be_visible()
    expect(error).to_have_attribute("data-code", code)
    expect(alice.page.get_by_test_id("share-sound")).to_have_attribute("aria-pressed", "false")


def test_a_browser_that_shares_no_sound_says_so_and_shows_no_button(product, playwright):
    with person(playwright) as somebody:
        somebody.page.add_init_script(PICTURES_ONLY)
        somebody.make_room(product.address, "No sound")
        somebody.join("Alice")
        expect(somebody.page.get_by_test_id("share-sound")).to_be_hidden()
        somebody.page.locator("#sound summary").click()
        expect(somebody.page.locator("#share-unsupported")).to_be_visible()


def test_sharing_never_asks_for_the_microphone(alice):
    alice.page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => { throw new Error('asked'); }; }")
    share(alice)
    until(lambda: alice.page.get_by_test_id("capture-state").get_attribute("data-state") == "off", 5, lambda: "records")
