"""speech.transcription.recording: a long recording is cut as a microphone would be, and comes back as one text."""

from __future__ import annotations

import random
from itertools import pairwise

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.audio import codec, voice_detection
from speech.audio.decode_pool import DecodedSound
from speech.audio.samples import Span
from speech.audio.segmenter import Rules
from speech.config import Config
from speech.engines import Hypothesis, Options, Segment, Word
from speech.server.node import Node
from speech.transcription.recording import Clip, cut, joined, whole
from speech.transcription.transcription import Progress, Request
from tests.speech import sounds

EMPTY = np.zeros(0, np.float32)


def taken(audio: sounds.Audio) -> DecodedSound:
    return DecodedSound(audio, tuple(voice_detection.spans(audio, 2)))


def clip(start: float, voiced: float) -> Clip:
    return Clip(start, EMPTY, (Span(0.0, voiced),))


def end(clip: Clip) -> float:
    return clip.start + clip.seconds


def heard(text: str, language: str = "en", **sure: float) -> Hypothesis:
    return Hypothesis(text, language, segments=(Segment(0.5, 1.0, text),), **sure)


def test_live_speech_is_one_clip_whatever_its_pauses():
    recording = taken(sounds.told(sounds.sentences("en")[:4], pause=1.5))
    clip = whole(recording)
    assert clip.start == 0.0
    assert end(clip) == pytest.approx(recording.spans[-1].end + 1.5, abs=0.3)
    assert clip.voiced == pytest.approx(voice_detection.seconds(recording.spans))


def test_a_file_is_cut_at_each_pause_and_its_clips_hold_all_the_speech_in_order():
    recording = taken(sounds.told(sounds.sentences("en")[:10], pause=1.2))
    clips = cut(recording, Rules())
    assert len(clips) == 10
    assert all(end(sooner) <= later.start + 1e-6 for sooner, later in pairwise(clips))
    for span in recording.spans:
        assert any(clip.start <= span.start and span.end <= end(clip) + 1e-6 for clip in clips)
    assert sum(clip.voiced for clip in clips) == pytest.approx(voice_detection.seconds(recording.spans))


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """What the gate may find: 150 ms and more, more than 300 ms apart, at its frames' edges."""
    found, at = [], 0
    for _ in range(draw(st.integers(1, 12))):
        at += draw(st.integers(11, 150))
        length = draw(st.one_of(st.integers(5, 100), st.integers(600, 2000)))
        found.append(Span(at * 0.03, (at + length) * 0.03))
        at += length
    return found


@settings(max_examples=40, deadline=None)
@given(spans(), st.sampled_from([6.0, 20.0, 30.0]), st.sampled_from([0.3, 1.0, 5.0]), st.integers(0, 9))
def test_no_moment_of_speech_is_lost_or_doubled(found, longest, silence, seed):
    count = round((found[-1].end + 0.02) * 16_000)
    audio = np.random.default_rng(seed).normal(0, 0.1, count).astype(np.float32)
    clips = cut(DecodedSound(audio, tuple(found)), Rules(longest, silence))
    assert all(clip.seconds <= longest + 1e-6 for clip in clips)
    assert all(end(sooner) <= later.start + 1e-6 for sooner, later in pairwise(clips))
    assert sum(clip.voiced for clip in clips) == pytest.approx(voice_detection.seconds(found), abs=1e-6)


def test_a_sound_too_short_to_open_a_clip_is_heard_all_the_same():
    audio = np.full(800, 0.1, np.float32)
    (clip,) = cut(DecodedSound(audio, tuple(voice_detection.spans(audio, None))), Rules())
    assert len(clip.audio) == 800


async def test_every_sentence_of_a_long_file_comes_back_in_order(engine):
    """Two minutes, pauses of 0.2 to 2 s, as no two readers make them."""
    roll = random.Random(6)
    chosen = sounds.sentences("zh") + sounds.sentences("zh")[:6]
    roll.shuffle(chosen)
    parts = [part for s in chosen for part in (s.audio, np.zeros(round(roll.uniform(0.2, 2.0) * 16_000), np.float32))]
    audio = np.concatenate(parts)
    seen: list[Progress] = []
    node = Node(Config(model="demo"), lambda: engine)
    await node.start()
    try:
        answer = await node.hear(Request(codec.as_wav(audio), Options(language="zh", timestamps=True)), seen.append)
    finally:
        await node.stop()
    said = "".join(s.text for s in chosen)
    print(len(chosen), "sentences", len(audio) / 16_000, "s", jiwer.cer(said, answer.text))
    assert jiwer.cer(said, answer.text) < 0.02
    at = 0
    for sentence in chosen:
        at = answer.text.index(sentence.text, at) + len(sentence.text)
    assert [one.clips_done for one in seen] == list(range(1, seen[-1].clips + 1))
    assert seen[-1].seconds_done == pytest.approx(seen[-1].seconds)
    starts = [s.start for s in answer.segments]
    assert starts == sorted(starts)
    assert answer.segments[-1].end == pytest.approx(answer.duration, abs=3.0)


def test_texts_join_with_spaces_only_where_the_language_has_them():
    clips = [clip(0.0, 2.0), clip(30.0, 2.0)]
    assert joined(clips, [heard("One."), heard("Two.")]).text == "One. Two."
    assert joined(clips, [heard("一。", "zh"), heard("二。", "ja")]).text == "一。二。"
    assert joined(clips, [heard("一。", "zh"), heard("Two.")]).text == "一。 Two."


def test_the_language_of_a_recording_is_the_one_spoken_longest():
    clips = [clip(0.0, 1.0), clip(30.0, 2.0), clip(60.0, 1.5)]
    assert joined(clips, [heard("一。", "zh"), heard("Two."), heard("三。", "zh")]).language == "zh"


def test_words_keep_their_place_and_the_first_of_a_clip_stands_apart():
    clips = [clip(0.0, 1.0), clip(30.0, 2.0)]
    rows = [
        Hypothesis("One.", "en", words=(Word(0.1, 0.4, "One."),)),
        Hypothesis("Two.", "en", words=(Word(0.5, 1.0, "Two."),)),
    ]
    assert [(w.start, w.text) for w in joined(clips, rows).words] == [(0.1, " One."), (30.5, " Two.")]


def test_times_are_the_recordings_own():
    clips = [clip(0.0, 2.0), clip(30.25, 2.0)]
    assert [s.start for s in joined(clips, [heard("One."), heard("Two.")]).segments] == [0.5, 30.75]


def test_a_clip_that_is_not_believed_is_kept_apart_and_the_others_stay():
    clips = [clip(0.0, 2.0), clip(30.0, 2.0)]
    result = joined(clips, [heard("One."), heard("Thanks for watching!", avg_logprob=-0.95)])
    assert result.text == "One."
    assert result.suppressed is not None
    assert (result.suppressed.text, result.suppressed.reason) == ("Thanks for watching!", "phantom")
    assert len(result.segments) == 1


def test_the_same_sentence_in_every_clip_is_no_repetition():
    clips = [clip(30.0 * i, 2.0) for i in range(6)]
    result = joined(clips, [heard("We need sixty-five people.")] * 6)
    assert result.text.count("sixty-five") == 6
    assert result.suppressed is None
