"""What goes wrong in a real meeting: people leave in mid-word, processes die, translators are away. Nothing is lost."""

import os
import signal
import time
from urllib.parse import unquote

import pytest

from tests.browser.capture_page import RATE, write_wav
from tests.browser.kept import combo_files, kept_clips
from tests.browser.people import person, script
from tests.meeting.product import until
from tests.sentences import sentences
from tests.speech.sounds import noise

EXACT = [s for s in sentences("zh", exact=True) if s.seconds > 2.5]


def settled(product, room, count):
    """The room's clips, once there are so many and all are at their end: for when nobody records any more."""
    found = []

    def there():
        found[:] = kept_clips(product.data, unquote(room))
        return len(found) >= count and all(c.state in ("captioned", "silent", "failed") for c in found)

    until(there, 60, lambda: f"not settled: {[(c.number, c.state, c.reason) for c in found]}")
    until(
        lambda: all(c.path for c in kept_clips(product.data, unquote(room)) if c.state != "failed"),
        20,
        lambda: "no audio",
    )
    return kept_clips(product.data, unquote(room))


@pytest.fixture
def alice(request, product, playwright, tmp_path):
    """Alice, who will say five sentences; she has joined a room of her own."""
    lines = getattr(request, "param", EXACT[:5])
    said = script(tmp_path / "said.wav", lines)
    with person(playwright, said.path) as somebody:
        somebody.said, somebody.lines = said, lines
        somebody.room = somebody.make_room(product.address, "Faults")
        somebody.join("Alice")
        yield somebody


def speak_into(alice, sentence, seconds_before_its_end):
    """Record until shortly before a sentence ends: in mid-word."""
    alice.record()
    began = time.monotonic()
    time.sleep(max(0.0, alice.said.spoken[sentence].end - seconds_before_its_end - (time.monotonic() - began)))


def test_stop_in_mid_word_keeps_what_was_said(product, alice):
    speak_into(alice, 0, 0.7)
    stopped = time.time()
    alice.stop()
    [clip] = settled(product, alice.room, 1)
    assert clip.state == "captioned"
    assert clip.text[:4] == EXACT[0].text[:4]
    assert not clip.cut_short
    assert_kept_until(clip, stopped)


@pytest.mark.parametrize("way", ["closed", "left"])
def test_a_page_left_in_mid_word_keeps_what_was_said(product, alice, way):
    speak_into(alice, 0, 0.7)
    left = time.time()
    if way == "closed":
        alice.page.close(run_before_unload=False)
    else:
        alice.page.on("dialog", lambda dialog: dialog.accept())
        alice.page.goto("about:blank")
    [clip] = settled(product, alice.room, 1)
    assert clip.state == "captioned"
    assert clip.text[:4] == EXACT[0].text[:4]
    assert_kept_until(clip, left)


def assert_kept_until(clip, moment):
    """All but the last 250 ms before a moment (seconds of Unix time) is in the clip's audio."""
    missing = moment - (clip.started_at + len(clip.audio()) / RATE)
    print(f"{1000 * missing:.0f} ms before the end are not in the clip")
    assert missing <= 0.25


def test_a_killed_speech_process_comes_back_and_every_clip_is_captioned_once(product, alice):
    alice.record()
    time.sleep(alice.said.spoken[1].end - 1.0)
    os.kill(product.child("speech"), signal.SIGKILL)
    alice.wait_for_captions(5, alice.said.seconds + 30)
    alice.stop()
    clips = settled(product, alice.room, 5)
    assert [(c.text, c.captions) for c in clips] == [(s.text, 1) for s in EXACT[:5]]


@pytest.mark.long
def test_a_killed_web_process_comes_back_and_every_clip_is_captioned_once(product, alice):
    alice.record()
    time.sleep(alice.said.spoken[1].end - 1.0)
    os.kill(product.child("meeting.web"), signal.SIGKILL)
    alice.wait_for_captions(5, alice.said.seconds + 45)
    alice.stop()
    clips = settled(product, alice.room, 5)
    assert [(c.text, c.captions) for c in clips] == [(s.text, 1) for s in EXACT[:5]]
    assert len({line["clip"] for line in alice.captions()}) == len(alice.captions()) == 5


@pytest.mark.long
def test_a_killed_redis_comes_back_and_every_line_reaches_the_page(product, alice):
    alice.record()
    time.sleep(alice.said.spoken[1].end - 1.0)
    os.kill(product.redis(), signal.SIGKILL)
    alice.wait_for_captions(5, alice.said.seconds + 45)
    alice.stop()
    clips = settled(product, alice.room, 5)
    assert [(c.text, c.captions) for c in clips] == [(s.text, 1) for s in EXACT[:5]]


def unheard(lines):
    """Said by Alice, and in no other test here: what was translated before is known without a translator."""
    return pytest.mark.parametrize("alice", [lines], ids=["unheard lines"], indirect=True)


@pytest.mark.long
@unheard(EXACT[5:10])
def test_while_the_translator_is_away_captions_come_and_translations_follow(product, alice):
    _away_for(product, alice, seconds=15)


@pytest.mark.nightly
@pytest.mark.timeout(400)
@unheard(EXACT[10:15])
def test_the_translator_is_away_for_two_minutes(product, alice):
    _away_for(product, alice, seconds=120)


def _away_for(product, alice, seconds):
    product.libre.mode = "gone"
    try:
        alice.record()
        alice.wait_for_captions(5, alice.said.seconds + 15)
        translations = [t for line in alice.captions() for t in line["translations"]]
        assert {t["state"] for t in translations if t["lang"] == "ja"} == {"waiting"}
        # English may come from the speech model meanwhile; a translator's takes its place
        assert {t["state"] for t in translations if t["lang"] == "en"} <= {"waiting", "done"}
        until(lambda: len(combo_files(product.data, unquote(alice.room))["EN"]) == 5, 10, lambda: "lines are missing")
        time.sleep(max(0.0, seconds - alice.said.seconds))
    finally:
        product.libre.mode = "ok"
    waiting = alice.page.locator('[data-testid=caption-translation][data-state="waiting"]')
    until(lambda: waiting.count() == 0, 60, lambda: f"{waiting.count()} translations still wait")

    def kept() -> dict[str, list[str]]:
        files = combo_files(product.data, unquote(alice.room))
        return {name: [line.rsplit(": ", 1)[-1] for line in lines] for name, lines in files.items()}

    wanted = {name: [s.translations[tag] for s in alice.lines] for name, tag in {"EN": "en", "JP": "ja"}.items()}
    wanted["combo"] = wanted["TW"] = [s.text for s in alice.lines]
    until(lambda: {name: kept().get(name) for name in wanted} == wanted, 15, lambda: str(kept()))
    assert len(kept()["CN"]) == 5


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["silence", "fan"])
def test_a_minute_without_words_gives_no_caption(product, playwright, tmp_path, kind):
    level = {"silence": 0.0, "fan": 0.03}[kind]
    sound = write_wav(tmp_path / "noise.wav", noise("fan", 60.0, level))
    with person(playwright, sound) as somebody:
        room = somebody.make_room(product.address, kind)
        somebody.join("Nobody")
        somebody.record()
        time.sleep(63)
        somebody.stop()
        assert somebody.captions() == []
    assert {clip.state for clip in settled(product, room, 0)} <= {"silent"}
