"""The capture in a real Chromium whose microphone plays a file."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, Route

from tests.pace import assert_within

from .capture_page import RATE, ROOT, Audio, HeardClip, capture_page, heard_clips, place, record, write_wav

SENTENCES = ROOT / "tests" / "fixtures" / "sentences"
SPEECH = ROOT.parent / "shared" / "data" / "speech"


def silence(seconds: float) -> Audio:
    """Nothing, not even noise."""
    return np.zeros(round(seconds * RATE), np.float32)


def spoken(name: str) -> Audio:
    """A bundled sentence from its first to its last sound."""
    about = {entry["file"]: entry for entry in json.loads((SENTENCES / "sentences.json").read_text("utf-8"))}
    audio, _rate = soundfile.read(SENTENCES / name, dtype="float32")
    begin, end = about[name]["speech"]
    return np.asarray(audio[round(begin * RATE) : round(end * RATE)], np.float32)


def talk(seconds: float, pauses: tuple[float, ...] = (0.15, 0.2, 0.3)) -> Audio:
    """Sentence after sentence, with hardly a breath between them."""
    parts: list[Audio] = []
    names = sorted(path.name for path in SENTENCES.glob("*.wav"))
    for turn in range(1000):
        parts += [spoken(names[turn * 7 % len(names)]), silence(pauses[turn % len(pauses)])]
        if sum(map(len, parts)) >= seconds * RATE:
            break
    return np.concatenate(parts)[: round(seconds * RATE)]


def fan(seconds: float, dbfs: float) -> Audio:
    """A fan: brown noise that swells with the blades, and the hum of its motor."""
    dice = np.random.default_rng(7)
    spectrum = np.fft.rfft(dice.standard_normal(round(seconds * RATE)))
    spectrum /= np.maximum(np.fft.rfftfreq(round(seconds * RATE), 1 / RATE), 40)
    noise = np.fft.irfft(spectrum, round(seconds * RATE))
    time = np.arange(len(noise)) / RATE
    noise = noise / np.std(noise) * (1 + 0.15 * np.sin(2 * np.pi * 3 * time)) + 0.2 * np.sin(2 * np.pi * 120 * time)
    return np.asarray(noise / np.std(noise) * 10 ** (dbfs / 20), np.float32)


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


def test_a_muted_microphone_is_told_and_leaves_a_gap(tmp_path: Path) -> None:
    with capture_page(write_wav(tmp_path / "sound.wav", talk(8))) as page:
        page.evaluate(TAP)
        page.evaluate("capture.start()")
        page.wait_for_timeout(1500)
        page.evaluate("stream.getAudioTracks()[0].dispatchEvent(new Event('mute'))")
        page.wait_for_timeout(500)
        page.evaluate("stream.getAudioTracks()[0].dispatchEvent(new Event('unmute'))")
        (gap,) = page.evaluate("captured.told.gap")
        assert told(page, "error") == ["muted"]
        assert gap["reason"] == "muted"
        assert 450 < gap["to"] - gap["from"] < 900


def test_microphones_have_names_once_one_is_allowed() -> None:
    with capture_page(None) as page:
        page.evaluate("capture.start()")
        found = page.evaluate("captured.microphones()")
        assert found
        assert all(one["label"] for one in found)


def test_silence_and_a_fan_open_no_clip(tmp_path: Path) -> None:
    sound = np.concatenate([silence(3), fan(15, -30)])
    assert record(write_wav(tmp_path / "sound.wav", sound), 10) == []


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Prints figures whether the test passes or not."""

    def printed(*figures: object) -> None:
        with capsys.disabled():
            print(*figures)

    return printed


@pytest.mark.long
def test_a_minute_of_silence_opens_no_clip(tmp_path: Path) -> None:
    assert record(write_wav(tmp_path / "sound.wav", silence(60)), 60) == []


@pytest.mark.long
def test_a_minute_of_a_fan_opens_no_clip(tmp_path: Path) -> None:
    assert record(write_wav(tmp_path / "sound.wav", fan(70, -30)), 60) == []


@pytest.mark.long
def test_a_minute_of_talk_is_cut_without_a_gap_or_a_repeat(tmp_path: Path, show: Callable[..., None]) -> None:
    sound = np.concatenate([silence(1), talk(60), silence(2)])
    clips = record(write_wav(tmp_path / "sound.wav", sound), len(sound) / RATE)
    assert len(clips) >= 4
    assert all(len(clip.kept()) <= 20 * RATE for clip in clips)
    ends = [seam(clip, sound) for clip in clips]
    show("clips (s):", [round(len(clip.kept()) / RATE, 2) for clip in clips], [clip.reason for clip in clips])
    gaps = [round((begin - end) * 1000, 1) for (_, end), (begin, _) in itertools.pairwise(ends)]
    show("between clips (ms, below 0 is a repeat):", gaps)
    assert all(abs(gap) <= 30 for gap in gaps)


def seam(clip: HeardClip, sound: Audio) -> tuple[float, float]:
    """Where the first and the last two seconds of a clip say that it begins and ends in what was played, in seconds."""
    kept, edge = clip.kept(), 2 * RATE
    (begin, first), (end, last) = place(kept[:edge], sound), place(kept[-edge:], sound)
    assert min(first, last) > 0.5
    return begin, end + min(edge, len(kept)) / RATE


@pytest.mark.long
@pytest.mark.timeout(300)
def test_far_microphones_of_a_real_meeting_are_heard(tmp_path: Path, show: Callable[..., None]) -> None:
    recordings = sorted(SPEECH.glob("ami*.wav"))
    if not recordings:
        pytest.skip("the AMI recordings (../shared/data/speech) are not on this machine")
    reference, found, kept = 0.0, 0.0, 0.0
    for recording in recordings:
        sound = np.asarray(soundfile.read(recording, dtype="float32")[0], np.float32)
        said = marked(spans(SPEECH / "ami.rttm", recording.stem), len(sound))
        with capture_page(write_wav(tmp_path / recording.name, sound)) as page:
            page.evaluate("capture.start()")
            constraints = page.evaluate("capture.settings")
            page.wait_for_timeout(len(sound) / RATE * 1000 + 500)
            page.evaluate("capture.stop()")
            clips = heard_clips(page)
        inside = marked(kept_spans(clips, sound), len(sound))
        reference += said.sum() / RATE
        found += (said & inside).sum() / RATE
        kept += inside.sum() / RATE
        show(recording.name, f"{(said & inside).sum() / said.sum():.1%} of the speech,", f"{len(clips)} clips")
    show(f"{found / reference:.1%} of {reference:.1f} s of speech in clips, {kept / reference:.2f} times it kept")
    print(
        "constraints:",
        {
            key: constraints[key]
            for key in ("echoCancellation", "noiseSuppression", "autoGainControl", "channelCount", "sampleRate")
        },
    )
    assert found / reference >= 0.97
    assert kept / reference <= 1.9


def spans(rttm: Path, name: str) -> list[tuple[float, float]]:
    """Who speaks when, as RTTM has it: begin and end in seconds."""
    rows = [line.split() for line in rttm.read_text("utf-8").splitlines()]
    return [(float(row[3]), float(row[3]) + float(row[4])) for row in rows if row[1] == name]


def kept_spans(clips: list[HeardClip], sound: Audio) -> list[tuple[float, float]]:
    """What is kept of each, in seconds of what was played: all of them together say when the playing began."""
    begins = [(clip.speech_at - clips[0].speech_at) / 1000 for clip in clips]
    together = silence(begins[-1] + 30)
    for begin, clip in zip(begins, clips, strict=True):
        kept = clip.kept()
        together[round(begin * RATE) : round(begin * RATE) + len(kept)] = kept
    start, _fit = place(together, sound)
    return [(start + begin, start + begin + len(clip.kept()) / RATE) for begin, clip in zip(begins, clips, strict=True)]


def marked(parts: list[tuple[float, float]], length: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The union of parts, a mark a sample."""
    marks = np.zeros(length, np.bool_)
    for begin, end in parts:
        marks[max(0, round(begin * RATE)) : max(0, round(end * RATE))] = True
    return marks
