"""What was said and could not be sent outlives its page, and the browser's own end: the next page sends it."""

import os
import shutil
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.capture_page import FLAGS, RATE
from tests.browser.kept import kept_clips
from tests.browser.people import Person, script
from tests.meeting.product import until
from tests.sentences import sentences

pytestmark = pytest.mark.long

EXACT = [s for s in sentences("zh", exact=True) if s.seconds > 2.5]

# when the microphone began to play
OPENED = """navigator.mediaDevices.getUserMedia = ((ask) => async (wishes) => {
  const stream = await ask(wishes);
  window.opened = Date.now();
  return stream;
})(navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices));"""


@contextmanager
def browser(playwright, profile, sound=None):
    """A browser with a profile on disk, as everybody's is."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: apt-get install chromium"
    flags = [*FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-audio-capture={sound}%noloop"] if sound else []
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium, args=flags, locale="en-GB", viewport={"width": 1366, "height": 850}
    )
    try:
        yield context
    finally:
        context.close()


def killed(profile):
    """The end of a browser that nobody could tell."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        if f"--user-data-dir={profile}".encode() in words and not any(w.startswith(b"--type=") for w in words):
            os.kill(int(command.parent.name), signal.SIGKILL)
            return time.time()
    raise AssertionError(f"no browser has the profile {profile}")


@pytest.fixture
def said(tmp_path):
    return script(tmp_path / "said.wav", EXACT[:2])


def speak_to_nobody(product, context, said):
    """Somebody says one sentence and most of another while the server answers nothing; their page and their room."""
    alice = Person(context.new_page(), [])
    alice.page.add_init_script(OPENED)
    room = alice.make_room(product.address, "Left")
    alice.join("Alice")
    web = product.child("meeting.web")
    alice.record()
    expect(alice.page.get_by_test_id("capture-state")).not_to_have_attribute("data-state", "off")
    os.kill(web, signal.SIGSTOP)
    began = alice.page.evaluate("opened") / 1000
    time.sleep(max(0.0, said.spoken[1].end - 0.7 - (time.time() - began)))
    return alice, room, web


def sent_by_the_next_page(product, context, room):
    """The clips with words in them, once a new page has sent them."""
    next_page = Person(context.new_page(), [])
    next_page.page.goto(room)
    expect(next_page.page.get_by_test_id("connection")).to_have_attribute("data-state", "online")
    next_page.wait_for_captions(2, 40)
    return [c for c in kept_clips(product.data, unquote(room)) if c.text]


def nothing_had_come(product, room):
    """What the dead server had not read yet is gone with it: whatever comes now comes from the browser's disk."""
    assert [clip for clip in kept_clips(product.data, unquote(room)) if clip.path or clip.text] == []


def test_what_was_said_before_the_browser_was_killed_is_sent_when_it_is_opened_again(
    product, playwright, tmp_path, said
):
    profile = tmp_path / "profile"
    with browser(playwright, profile, said.path) as context:
        _alice, room, web = speak_to_nobody(product, context, said)
        cookies = context.cookies()  # a browser writes these down only now and then
        with context.expect_event("close"):
            ended = killed(profile)
        os.kill(web, signal.SIGKILL)
    nothing_had_come(product, room)
    with browser(playwright, profile) as context:
        context.add_cookies(cookies)
        first, second = sent_by_the_next_page(product, context, room)
    assert first.text == EXACT[0].text
    assert second.text[:2] == EXACT[1].text[:2]
    until(lambda: all(c.path for c in kept_clips(product.data, unquote(room)) if c.text), 20, lambda: "no audio")
    second = [c for c in kept_clips(product.data, unquote(room)) if c.text][-1]
    missing = ended - (second.started_at + len(second.audio()) / RATE)
    print(f"{1000 * missing:.0f} ms before the end are not in the clip")
    assert missing < 0.6


def test_what_a_closed_page_could_not_send_is_sent_once_by_the_next(product, playwright, tmp_path, said):
    with browser(playwright, tmp_path / "profile", said.path) as context:
        alice, room, web = speak_to_nobody(product, context, said)
        alice.page.close(run_before_unload=False)
        os.kill(web, signal.SIGKILL)
        nothing_had_come(product, room)
        clips = sent_by_the_next_page(product, context, room)
        assert [(c.text[:2], c.captions) for c in clips] == [(s.text[:2], 1) for s in EXACT[:2]]
        context.pages[-1].reload()
        kept = "new Promise((done) => { const ask = indexedDB.open('meet-clips'); ask.onsuccess = () => { const all = "
        kept += "ask.result.transaction('chunks').objectStore('chunks').count(); all.onsuccess = () => done(all.result)"
        until(lambda: context.pages[-1].evaluate(f"() => {kept}; }}; }})") == 0, 20, lambda: "clips are still kept")


def test_what_another_open_page_says_is_left_to_it(product, playwright, tmp_path, said):
    with browser(playwright, tmp_path / "profile", said.path) as context:
        alice, room, web = speak_to_nobody(product, context, said)
        os.kill(web, signal.SIGKILL)
        beside = context.new_page()
        until(lambda: product.child("meeting.web") != web, 30, lambda: "the server is not back")
        beside.goto(room)
        alice.wait_for_captions(2, 40)
        clips = [c for c in kept_clips(product.data, unquote(room)) if c.text]
        assert [(c.text[:2], c.captions) for c in clips] == [(s.text[:2], 1) for s in EXACT[:2]]
