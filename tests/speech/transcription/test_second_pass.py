"""speech.transcription.second_pass: an engine that stops early, jumps or doubts loses nothing without a sign."""

from __future__ import annotations

import numpy as np
import pytest

from speech.audio.samples import Span
from speech.engine_types import Hypothesis, Segment, Turn, Word
from speech.transcription.recording import Clip
from speech.transcription.second_pass import CompleteTranscript, complete

SENTENCES = ((0.5, 4.0, "One sentence."), (5.0, 9.0, "Another one here."), (10.0, 14.0, "The third is last."))


def clip(*spans: tuple[float, float], seconds: float = 15.0) -> Clip:
    audio = np.zeros(round(seconds * 16_000), np.float32)
    return Clip(0.0, audio, tuple(Span(*span) for span in spans or [one[:2] for one in SENTENCES]))


def said(*segments: tuple[float, float, str], **sure: float) -> Hypothesis:
    text = " ".join(one[2] for one in segments)
    return Hypothesis(text, "en", avg_logprob=-0.3, segments=tuple(Segment(*one) for one in segments), **sure)


class Engine:
    """Hears the first `most` of the sentences that lie in a clip; notes what it was asked."""

    def __init__(self, most: int = 1, deaf_to: str = "") -> None:
        self.most, self.deaf_to = most, deaf_to
        self.asked: list[tuple[float, float, str | None]] = []

    async def hear(self, part: Clip, language: str | None = None) -> Hypothesis:
        self.asked.append((round(part.start, 2), round(part.start + part.seconds, 2), language))
        inside = [
            (start - part.start, end - part.start, text)
            for start, end, text in SENTENCES
            if part.start <= start and end <= part.start + part.seconds and text != self.deaf_to
        ]
        return said(*inside[: self.most])


def texts(found: CompleteTranscript) -> list[str]:
    return [one.heard.text for one in found.passages if one.heard.text]


async def test_sentences_after_an_early_stop_are_heard_again_until_all_are_there():
    engine, whole = Engine(), clip()
    found = await complete(whole, await engine.hear(whole), engine.hear)
    assert texts(found) == [text for _, _, text in SENTENCES]
    assert found.gaps == ()


async def test_a_hole_in_the_middle_is_heard_alone_and_comes_in_its_place():
    engine, whole = Engine(), clip()
    found = await complete(whole, said(SENTENCES[0], SENTENCES[2]), engine.hear)
    assert engine.asked == [(4.75, 9.25, None)]
    assert texts(found) == [text for _, _, text in SENTENCES]


async def test_a_transcript_that_covers_its_speech_is_not_heard_again():
    engine, whole = Engine(), clip()
    found = await complete(whole, said(*SENTENCES), engine.hear)
    assert engine.asked == []
    assert len(found.passages) == 1


async def test_speech_that_stays_without_words_is_a_gap():
    engine, whole = Engine(deaf_to=SENTENCES[1][2]), clip()
    found = await complete(whole, said(SENTENCES[0], SENTENCES[2]), engine.hear)
    assert [(gap.start, gap.end) for gap in found.gaps] == [(5.0, 9.0)]


async def test_text_that_stands_beside_the_hole_already_is_not_written_twice():
    async def hear(part: Clip, language: str | None) -> Hypothesis:
        return said((0.0, part.seconds, "another one here"))

    first = said((0.5, 4.0, "One sentence. Another one here."))
    found = await complete(clip((0.5, 6.0)), first, hear)
    assert texts(found) == ["One sentence. Another one here."]
    assert found.gaps == ()
    assert (await complete(clip((0.5, 12.0)), first, hear)).gaps  # three words do not fill eight seconds


async def test_a_text_that_is_not_believed_has_each_stretch_heard_alone():
    engine, whole = Engine(), clip()
    found = await complete(whole, said((0.0, 14.0, "Thanks for watching!"), no_speech_prob=0.9), engine.hear)
    assert texts(found)[-3:] == [text for _, _, text in SENTENCES]


async def test_a_text_that_is_not_believed_of_one_stretch_is_not_asked_for_again():
    engine, whole = Engine(), clip((0.5, 4.0))
    await complete(whole, said((0.0, 4.0, "Thanks for watching!"), no_speech_prob=0.9), engine.hear)
    assert engine.asked == []


async def test_each_language_of_a_mixed_clip_is_heard_in_its_own_part():
    engine, whole = Engine(most=3), clip()
    turns = (Turn(0.0, 4.5, "en"), Turn(4.5, float("inf"), "ja"))
    found = await complete(whole, Hypothesis("", "en", turns=turns), engine.hear)
    assert engine.asked == [(0.0, 4.5, "en"), (4.5, 15.0, "ja")]
    assert texts(found) == ["One sentence.", "Another one here. The third is last."]


async def test_an_engine_that_hears_ever_less_is_asked_a_bounded_number_of_times():
    asked = 0

    async def hear(part: Clip, language: str | None) -> Hypothesis:
        nonlocal asked
        asked += 1
        return said((0.0, 0.3, f"word{asked}"))

    whole = clip((0.0, 30.0), seconds=30.0)
    found = await complete(whole, said((0.0, 0.3, "word0")), hear)
    assert asked <= 3
    assert found.gaps


async def test_an_error_of_the_engine_reaches_the_caller():
    async def hear(part: Clip, language: str | None) -> Hypothesis:
        raise RuntimeError("engine")

    with pytest.raises(RuntimeError):
        await complete(clip(), said(SENTENCES[0]), hear)


async def test_a_text_that_is_not_believed_is_not_judged_piece_by_piece():
    """«打打打打» for a cough: as a whole it is doubted, one of its likelier words alone would be shown."""
    words = tuple(
        Word(4.0 * i, 4.0 * i + 0.3, text, sure) for i, (text, sure) in enumerate([("打", 0.01), ("打", 0.98)])
    )
    segments = tuple(Segment(one.start, one.end, one.text) for one in words)
    first = Hypothesis("打打", "zh", -1.1, 0.7, segments=segments, words=words)

    async def hear(part: Clip, language: str | None = None) -> Hypothesis:
        return Hypothesis("謝謝", "zh", -1.5, 0.76, segments=(Segment(0.0, 0.5, "謝謝"),))

    found = await complete(clip((0.0, 0.5), (2.0, 2.5), (4.0, 4.5)), first, hear)
    assert "打打" in texts(found)
    assert "打" not in texts(found)
