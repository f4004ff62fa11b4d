"""Minutes of sound through a real Chromium's microphone: what opens a clip, and where one is cut."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.browser.capture_page import RATE, ROOT, Audio, HeardClip, capture_page, heard_clips, place, record, write_wav
from tests.browser.sounds import fan, silence, spoken, talk

SPEECH = ROOT.parent / "shared" / "data" / "speech"


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
@pytest.mark.alone  # a page that gets no processor for long loses what its microphone hears
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


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [20, pytest.param(90, marks=pytest.mark.nightly)])
def test_the_first_word_after_a_long_silence_opens_a_clip(tmp_path: Path, seconds: int) -> None:
    sentence = spoken("en_04.wav")
    sound = np.concatenate([silence(1), sentence, silence(seconds), sentence, silence(2.5)])
    clips = record(write_wav(tmp_path / "sound.wav", sound), len(sound) / RATE)
    assert [clip.reason for clip in clips] == ["silence", "silence"]
    start, fit = place(clips[1].kept(), sentence)
    assert fit > 0.7
    assert start < 0  # it begins before the sentence does
