"""The capture in a real Chromium whose microphone plays a file."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route

from tests.browser.capture_page import RATE, capture_page, heard_clips, place, record, write_wav
from tests.browser.sounds import fan, hum, noise, silence, spoken, talk
from tests.js.test_detector import REMARKS, read, shared
from tests.pace import assert_within


def told(page: Page, kind: str) -> list[str]:
    """The codes, states or reasons the page told so far."""
    return [
        next(entry[key] for key in ("code", "state", "reason") if key in entry)
        for entry in page.evaluate(f"captured.told.{kind}")
    ]


def code_of_start(page: Page) -> str:
    """What `start` is refused with."""
    return str(page.evaluate("capture.start().then(() => 'started', (error) => error.code)"))


def test_a_sentence_becomes_one_clip_with_a_second_before_it(tmp_path: Path) -> None:
    sentence = spoken("en_04.wav")
    sound = np.concatenate([silence(2), sentence, silence(2.5)])
    (clip,) = record(write_wav(tmp_path / "sound.wav", sound), len(sound) / RATE)
    start, fit = place(clip.kept(), sound)
    assert clip.reason == "silence"
    assert fit > 0.7
    assert 0.8 < 2 - start < 1.15
    assert 0.6 < start + len(clip.kept()) / RATE - (2 + len(sentence) / RATE) < 0.95


def test_chunks_are_numbered_without_a_hole(tmp_path: Path) -> None:
    sound = np.concatenate([silence(1), spoken("zh_01.wav"), silence(2)])
    (clip,) = record(write_wav(tmp_path / "sound.wav", sound), len(sound) / RATE)
    assert clip.numbers == tuple(range(clip.chunks))
    assert clip.mime == "audio/webm;codecs=opus"


def test_who_speaks_while_the_microphone_opens_loses_nothing_after_it_is_open(tmp_path: Path) -> None:
    sentence = spoken("en_07.wav")
    sound = np.concatenate([silence(0.25), sentence, silence(2)])
    (clip,) = record(write_wav(tmp_path / "sound.wav", sound), len(sound) / RATE)
    start, _fit = place(clip.kept(), sound)
    assert start < 0.25


def test_what_is_said_while_the_vad_still_loads_is_in_the_clip(tmp_path: Path) -> None:
    sound = np.concatenate([silence(0.5), spoken("en_07.wav"), silence(4)])
    with capture_page(write_wav(tmp_path / "sound.wav", sound)) as page:

        def late(route: Route) -> None:
            page.wait_for_timeout(2500)
            route.continue_()

        page.route("**/rnnoise.wasm", late)
        page.evaluate("capture.start()")
        page.wait_for_timeout(4000)
        page.evaluate("capture.stop()")
        (clip,) = heard_clips(page)
    start, _fit = place(clip.kept(), sound)
    assert start < 0.5


@pytest.mark.long
@pytest.mark.alone
def test_recording_begins_within_a_second(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "sound.wav", silence(2))

    def started() -> float:
        with capture_page(sound) as page:
            took = page.evaluate("(from = performance.now()) => capture.start().then(() => performance.now() - from)")
            assert told(page, "state") == ["listening"]
        return float(took) / 1000

    assert_within(1.0, started, "recording")


def test_stop_in_mid_word_keeps_all_but_the_last_quarter_of_a_second(tmp_path: Path) -> None:
    sound = talk(8)
    (clip,) = record(write_wav(tmp_path / "sound.wav", sound), 5)
    recorded = clip.recorded()
    assert (clip.reason, clip.keep_to) == ("stop", None)
    assert len(recorded) / RATE > clip.duration / 1000 - 0.25
    assert place(recorded[-RATE:], sound)[1] > 0.7


def test_a_page_that_is_left_in_mid_word_has_sent_all_but_the_last_quarter_of_a_second(tmp_path: Path) -> None:
    with capture_page(write_wav(tmp_path / "sound.wav", talk(8))) as page:
        page.evaluate("window.addEventListener('pagehide', () => capture.leave())")
        page.evaluate("capture.start()")
        page.wait_for_timeout(4000)
        page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
        (clip,) = heard_clips(page)
        assert page.evaluate("capture.stop()") is None
    assert clip.reason == "leave"
    assert len(clip.recorded()) / RATE > clip.duration / 1000 - 0.25


def test_recording_starts_again_after_a_stop_and_numbers_go_on(tmp_path: Path) -> None:
    with capture_page(write_wav(tmp_path / "sound.wav", talk(12))) as page:
        for _turn in range(2):
            page.evaluate("capture.start()")
            page.wait_for_timeout(2000)
            page.evaluate("capture.stop()")
        assert [clip.number for clip in heard_clips(page)] == [0, 1]
        assert told(page, "state") == ["listening", "speaking", "off"] * 2


def test_a_refused_microphone_is_told() -> None:
    with capture_page(None, allowed=False) as page:
        assert code_of_start(page) == "refused"
        assert page.evaluate("capture.state") == "off"


def test_a_missing_microphone_is_told() -> None:
    with capture_page(None, device=False) as page:
        assert code_of_start(page) == "missing"


def test_a_page_that_is_neither_on_https_nor_on_localhost_is_told() -> None:
    with capture_page(None, host="meeting.test") as page:
        assert code_of_start(page) == "insecure"


def test_a_vad_that_cannot_be_had_is_told_and_may_be_tried_again() -> None:
    with capture_page(None) as page:
        page.route("**/rnnoise.wasm", lambda route: route.fulfill(status=503))
        assert code_of_start(page) == "vad"
        page.unroute("**/rnnoise.wasm")
        assert code_of_start(page) == "started"


TAP = """() => { navigator.mediaDevices.getUserMedia = ((ask) => async (wishes) => {
  window.stream = await ask(wishes);
  return window.stream;
})(navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)); }"""


def test_a_microphone_that_is_taken_away_ends_the_clip_and_is_told(tmp_path: Path) -> None:
    with capture_page(write_wav(tmp_path / "sound.wav", talk(8))) as page:
        page.evaluate(TAP)
        page.evaluate("capture.start()")
        page.wait_for_timeout(2000)
        page.evaluate("stream.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
        page.wait_for_function("capture.state === 'off'")
        assert [clip.reason for clip in heard_clips(page)] == ["device"]
        assert told(page, "error") == ["taken-away"]


# half a second, or as long as a busy machine makes of it: ms
MUTED_FOR_A_WHILE = """() => new Promise((over) => {
  const [track] = stream.getAudioTracks();
  const from = performance.now();
  track.dispatchEvent(new Event('mute'));
  setTimeout(() => {
    track.dispatchEvent(new Event('unmute'));
    over(performance.now() - from);
  }, 500);
})"""


def test_a_muted_microphone_is_told_and_leaves_a_gap(tmp_path: Path) -> None:
    with capture_page(write_wav(tmp_path / "sound.wav", talk(8))) as page:
        page.evaluate(TAP)
        page.evaluate("capture.start()")
        page.wait_for_timeout(1500)
        muted = page.evaluate(MUTED_FOR_A_WHILE)
        (gap,) = page.evaluate("captured.told.gap")
        assert told(page, "error") == ["muted"]
        assert gap["reason"] == "muted"
        assert muted - 50 < gap["to"] - gap["from"] < muted + 400


def test_microphones_have_names_once_one_is_allowed() -> None:
    with capture_page(None) as page:
        page.evaluate("capture.start()")
        found = page.evaluate("captured.microphones()")
        assert found
        assert all(one["label"] for one in found)


def test_silence_and_a_fan_open_no_clip(tmp_path: Path) -> None:
    sound = np.concatenate([silence(3), fan(15, -30)])
    assert record(write_wav(tmp_path / "sound.wav", sound), 10) == []


def test_a_hum_of_the_mains_opens_no_clip(tmp_path: Path) -> None:
    assert record(write_wav(tmp_path / "sound.wav", hum(14, 120, -56)), 10) == []


def test_a_hum_that_begins_in_mid_recording_keeps_no_clip_open(tmp_path: Path) -> None:
    sound = np.concatenate([noise(3, -70, 1), hum(14, 100, -50)])
    clips = record(write_wav(tmp_path / "sound.wav", sound), 12)
    assert len(clips) <= 1
    assert all(len(clip.kept()) / RATE < 3.2 for clip in clips)


def test_quiet_speech_becomes_a_whole_clip(tmp_path: Path) -> None:
    sentence = spoken("en_04.wav")
    sentence = sentence / np.sqrt((sentence**2).mean()) * 10 ** (-52 / 20)
    sound = np.concatenate([silence(2), sentence, silence(2.5)])
    sound = sound + noise(len(sound) / RATE, -75, 1)
    (clip,) = record(write_wav(tmp_path / "sound.wav", sound), len(sound) / RATE)
    start, fit = place(clip.kept(), sound)
    assert fit > 0.5
    assert start < 2
    assert start + len(clip.kept()) / RATE > 2 + len(sentence) / RATE


def test_short_remarks_of_people_each_become_a_clip(tmp_path: Path) -> None:
    parts = [silence(1.5)]
    for name, begin, end, _said in REMARKS[::2]:
        recording = read(shared(name))[round(begin * 48_000) : round(end * 48_000)]
        remark = recording[: len(recording) // 3 * 3].reshape(-1, 3).mean(axis=1)
        parts += [remark / np.sqrt((remark**2).mean()) * 10 ** (-30 / 20), silence(2.2)]
    sound = np.concatenate(parts)
    clips = record(write_wav(tmp_path / "sound.wav", sound), len(sound) / RATE + 0.5)
    assert len(clips) == len(REMARKS[::2])
