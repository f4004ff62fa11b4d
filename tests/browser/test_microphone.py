"""The microphone before and while one records: its test on the way in, what can go wrong with it, what leaving loses.

The microphone is Chromium's own that plays a file. What no test can do to it, pull its plug, say, is told to the page
as the browser would tell it.
"""

import os
import shutil
import signal
import socket
from contextlib import contextmanager

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.capture_page import FLAGS, write_wav
from tests.browser.people import Person, person, script
from tests.browser.sounds import silence, spoken
from tests.meeting.product import until
from tests.sentences import sentences

pytestmark = pytest.mark.long

EXACT = [s for s in sentences("en", exact=True) if s.seconds > 2]
# every track that was given out, what was asked for, and the locks that keep the screen awake
TAP = """
window.tracks = []; window.asked = []; window.locks = [];
if (navigator.mediaDevices) {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    window.asked.push(wishes.audio);
    if (window.unplugged) throw new DOMException('', 'NotFoundError');
    const stream = await ask(wishes);
    window.tracks.push(stream.getAudioTracks()[0]);
    return stream;
  };
}
if (navigator.wakeLock) {
  const lock = navigator.wakeLock.request.bind(navigator.wakeLock);
  navigator.wakeLock.request = async (kind) => {
    window.locks.push(await lock(kind));
    return window.locks.at(-1);
  };
}
"""
PULLED = "tracks.at(-1).dispatchEvent(new Event('ended'))"


@contextmanager
def visitor(playwright, sound=None, *, allowed=True, device=True, host=""):
    """Somebody whose browser may or may not have a microphone."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: apt-get install chromium"
    flags = [*FLAGS, "--use-fake-ui-for-media-stream" if allowed else "--deny-permission-prompts"]
    flags += ["--use-fake-device-for-media-stream"] if device else []
    flags += [f"--use-file-for-fake-audio-capture={sound}%noloop"] if sound else []
    flags += [f"--host-resolver-rules=MAP {host} 127.0.0.1"] if host else []
    browser = playwright.chromium.launch(executable_path=chromium, args=flags)
    try:
        page = browser.new_context(locale="en-GB", viewport={"width": 1366, "height": 850}).new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.add_init_script(TAP)
        yield Person(page, problems)
        assert not problems, problems
    finally:
        browser.close()


@pytest.fixture
def alice(product, playwright, tmp_path):
    """Alice, who will say three sentences; she has joined a room of her own."""
    said = script(tmp_path / "said.wav", EXACT[:3])
    with visitor(playwright, said.path) as somebody:
        somebody.make_room(product.address, "Microphones")
        somebody.join("Alice")
        yield somebody


def wait_for(page, condition):
    """Until something is so in the page, whose policy lets nobody else's code poll there."""
    until(lambda: page.evaluate(condition), 15, lambda: f"never so: {condition}")


def listen(somebody):
    """Press record, and see that the microphone is open."""
    somebody.record()
    expect(somebody.page.get_by_test_id("capture-state")).not_to_have_attribute("data-state", "off")


def verdict(somebody):
    """What the test on the way in says of the microphone."""
    return somebody.page.get_by_test_id("test-result")


def test_who_speaks_on_the_way_in_is_told_that_they_are_heard_and_the_room_keeps_their_microphone(
    product, playwright, tmp_path
):
    said = script(tmp_path / "said.wav", EXACT[:2], lead=0.5)
    with visitor(playwright, said.path) as somebody:
        somebody.make_room(product.address, "Test")
        page = somebody.page
        page.get_by_test_id("test-microphone").click()
        expect(verdict(somebody)).to_have_attribute("data-state", "heard")
        assert int(page.get_by_role("meter").get_attribute("aria-valuenow")) > 0
        names = page.get_by_test_id("microphone").locator("option").all_inner_texts()
        assert all(names[1:]), names
        chosen = page.get_by_test_id("microphone").locator("option").nth(2).get_attribute("value")
        page.get_by_test_id("microphone").select_option(chosen)
        wait_for(page, "asked.length === 2")
        assert page.evaluate("asked.at(-1).deviceId.exact") == chosen
        somebody.join("Alice")
        expect(page.get_by_test_id("microphone")).to_have_value(chosen)
        somebody.record()
        assert page.evaluate("asked.at(-1).deviceId.exact") == chosen


def test_a_test_that_is_asked_for_before_its_script_has_come_begins_when_it_has(product, playwright, tmp_path):
    said = script(tmp_path / "said.wav", EXACT[:2], lead=0.5)
    with visitor(playwright, said.path) as somebody:
        held = []
        somebody.page.route("**/microphone_test*.js", lambda route: held.append(route))
        somebody.page.goto(product.address)
        somebody.page.get_by_test_id("room-name").fill("Slow")
        somebody.page.get_by_test_id("create-room").click()
        somebody.page.get_by_test_id("test-microphone").click()
        until(lambda: bool(held), 20, lambda: "the script was not asked for")
        assert somebody.page.evaluate("asked") == []
        held[0].continue_()
        expect(verdict(somebody)).to_have_attribute("data-state", "heard")


def test_a_muted_microphone_is_found_out_on_the_way_in(product, playwright, tmp_path):
    with visitor(playwright, write_wav(tmp_path / "silence.wav", silence(3))) as somebody:
        somebody.make_room(product.address, "Muted")
        button = somebody.page.get_by_test_id("test-microphone")
        button.click()
        expect(verdict(somebody)).to_have_attribute("data-state", "nothing")
        button.click()
        expect(somebody.page.get_by_role("meter")).to_be_hidden()
        assert somebody.page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]


def test_nobody_is_asked_for_a_microphone_who_does_not_test_it(alice):
    alice.page.reload()
    assert alice.page.evaluate("asked") == []


CONDITIONS = {
    "refused": {"allowed": False},
    "missing": {"device": False},
    "insecure": {"host": socket.gethostname()},
}


@pytest.mark.parametrize("code", CONDITIONS)
def test_why_there_is_no_microphone_is_told_on_the_way_in_and_in_the_room(product, playwright, code):
    with visitor(playwright, **CONDITIONS[code]) as somebody:
        host = CONDITIONS[code].get("host")
        address = product.address.replace("127.0.0.1", host) if host else product.address
        somebody.make_room(address, "No microphone")
        if code == "insecure":
            expect(verdict(somebody)).to_have_attribute("data-state", code)  # it need not even be tried
        somebody.page.get_by_test_id("test-microphone").click()
        expect(verdict(somebody)).to_have_attribute("data-state", code)
        expect(verdict(somebody)).not_to_be_empty()
        somebody.join("Alice")
        somebody.page.get_by_test_id("record").click()
        error = somebody.page.get_by_test_id("capture-error")
        expect(error).to_have_attribute("data-code", code)
        expect(error).to_be_visible()
        expect(somebody.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "false")


def test_another_microphone_takes_the_place_of_one_that_is_taken_away_and_that_is_told(alice):
    listen(alice)
    alice.wait_for_captions(1, 30)
    alice.page.evaluate(PULLED)
    expect(alice.page.locator("#losses")).to_contain_text("was disconnected. Recording continues with")
    expect(alice.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "true")
    expect(alice.page.get_by_test_id("capture-error")).to_be_hidden()
    assert alice.page.evaluate("tracks.map((track) => track.readyState)") == ["ended", "live"]
    alice.page.evaluate(PULLED)  # so soon again: no third one is tried
    expect(alice.page.get_by_test_id("capture-error")).to_have_attribute("data-code", "taken-away")
    expect(alice.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "false")


def test_a_microphone_that_is_taken_away_without_another_is_told_and_recording_is_off(alice):
    listen(alice)
    alice.page.evaluate("window.unplugged = true")
    alice.page.evaluate(PULLED)
    error = alice.page.get_by_test_id("capture-error")
    expect(error).to_have_attribute("data-code", "taken-away")
    expect(error).to_be_visible()
    expect(alice.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "false")


def test_the_chosen_microphone_is_left_when_it_goes_and_taken_again_when_it_comes_back(alice):
    page = alice.page
    listen(alice)
    options = page.get_by_test_id("microphone").locator("option")
    expect(options).not_to_have_count(1)
    chosen = options.last.get_attribute("value")
    page.get_by_test_id("microphone").select_option(chosen)
    wait_for(page, "asked.length === 2")
    page.evaluate(
        """(gone) => {
          const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
          window.gone = gone;
          const there = (one) => one.deviceId !== window.gone;
          navigator.mediaDevices.enumerateDevices = async () => (await list()).filter(there);
          navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
        }""",
        chosen,
    )
    wait_for(page, "asked.length === 3")
    assert page.evaluate("asked.at(-1).deviceId") is None
    page.evaluate("window.gone = ''; navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    wait_for(page, "asked.length === 4")
    assert page.evaluate("asked.at(-1).deviceId.exact") == chosen
    expect(page.get_by_test_id("microphone")).to_have_value(chosen)
    expect(page.get_by_test_id("record")).to_have_attribute("aria-pressed", "true")


def test_a_browser_with_nothing_to_play_sound_on_says_so_and_records_once_it_has_something(alice):
    """As Firefox does without a sound server: its audio context neither starts nor says why."""
    alice.page.evaluate(
        """() => {
          window.resume = AudioContext.prototype.resume;
          AudioContext.prototype.resume = () => new Promise(() => {});
        }"""
    )
    alice.page.get_by_test_id("record").click()
    error = alice.page.get_by_test_id("capture-error")
    expect(error).to_be_visible()
    expect(error).to_have_attribute("data-code", "no-sound")
    expect(error).to_contain_text("nothing to play sound on")
    expect(alice.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "false")
    alice.page.evaluate("() => { AudioContext.prototype.resume = window.resume; }")
    listen(alice)
    expect(error).to_be_hidden()


def test_a_microphone_that_is_muted_in_the_middle_is_told_until_it_is_heard_again(alice):
    listen(alice)
    alice.page.evaluate("tracks[0].dispatchEvent(new Event('mute'))")
    error = alice.page.get_by_test_id("capture-error")
    expect(error).to_have_attribute("data-code", "muted")
    alice.page.evaluate("tracks[0].dispatchEvent(new Event('unmute'))")
    expect(error).to_be_hidden()
    expect(alice.page.locator("#losses")).to_contain_text("the microphone was muted")


def test_a_microphone_that_gives_nothing_but_zeros_is_told_until_sound_comes(product, playwright, tmp_path):
    sound = np.concatenate([silence(16), spoken("en_04.wav"), silence(2)])
    with visitor(playwright, write_wav(tmp_path / "zeros.wav", sound)) as somebody:
        somebody.make_room(product.address, "Zeros")
        somebody.join("Alice")
        listen(somebody)
        error = somebody.page.get_by_test_id("capture-error")
        expect(error).to_have_attribute("data-code", "no-signal")
        expect(error).to_be_visible()
        expect(somebody.page.get_by_test_id("level-meter")).to_have_attribute("aria-valuenow", "0")
        expect(error).to_be_hidden()
        somebody.wait_for_captions(1, 30)
        expect(somebody.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "true")


def test_a_very_quiet_microphone_is_told(product, playwright, tmp_path):
    sentence = spoken("en_04.wav")
    words = sentence / np.sqrt((sentence**2).mean()) * 10 ** (-64 / 20)
    sound = np.concatenate([part for _turn in range(6) for part in (words, silence(0.3))])
    with visitor(playwright, write_wav(tmp_path / "quiet.wav", sound)) as somebody:
        somebody.make_room(product.address, "Quiet")
        somebody.join("Alice")
        somebody.record()
        expect(somebody.page.locator("#losses")).to_contain_text("Your microphone is very quiet.")


def test_the_screen_stays_awake_while_one_records_and_may_sleep_after(alice):
    listen(alice)
    wait_for(alice.page, "locks.length === 1 && !locks[0].released")
    alice.page.evaluate("locks[0].release()")  # as the browser does when the page is hidden
    alice.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_for(alice.page, "locks.length === 2 && !locks[1].released")
    alice.stop()
    wait_for(alice.page, "locks.every((lock) => lock.released)")


def test_a_browser_that_keeps_no_screen_awake_records_all_the_same(product, playwright):
    with person(playwright) as somebody:
        somebody.page.add_init_script("delete Navigator.prototype.wakeLock")
        somebody.make_room(product.address, "Sleepy")
        somebody.join("Alice")
        somebody.record()


def stays(page):
    """The browser asks before it closes the page, and somebody says no."""
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()


def leaves(page):
    """The browser closes the page without a word."""
    with page.expect_event("close"):
        page.close(run_before_unload=True)


def test_leaving_while_one_records_is_asked_about_and_afterwards_not(alice):
    listen(alice)
    stays(alice.page)
    alice.stop()
    leaves(alice.page)


def test_what_could_not_be_sent_is_shown_and_leaving_asked_about_until_it_has_gone(product, alice):
    listen(alice)
    alice.wait_for_captions(1, 30)
    web = product.child("meeting.web")
    os.kill(web, signal.SIGSTOP)
    try:
        unsent = alice.page.get_by_test_id("unsent")
        expect(unsent).to_be_visible()
        expect(unsent).to_contain_text(" s of your speech not sent yet")
        alice.page.get_by_test_id("record").click()
        expect(alice.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "false")
        stays(alice.page)
    finally:
        os.kill(web, signal.SIGCONT)
    expect(unsent).to_be_hidden()
    expect(alice.page.get_by_test_id("capture-state")).to_have_attribute("data-state", "off")
    leaves(alice.page)
