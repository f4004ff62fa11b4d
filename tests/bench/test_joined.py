"""Joined clips for bin/bench accuracy, and which of their sentences count as lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import joined, sentences
from bench.index import BadIndex, Recording, Sentence
from bench.systems import Gap, Heard
from speech.audio import codec
from tests.bench import indexes


@pytest.fixture(scope="module")
def usable() -> list[Recording]:
    return indexes.recordings(count=4)


def test_clips_are_made_in_each_language_and_of_several_and_are_as_long_as_they_should_be(usable):
    made = joined.clips(usable, 3, seed=1)
    assert [one.language for one in made] == ["en"] * 3 + ["ja"] * 3 + ["zh"] * 3 + ["mixed"] * 3
    by_text = {one.text: one.language for one in usable}
    for clip in made:
        assert 15 <= clip.seconds <= 20
        assert len(codec.decode(clip.sound)) / codec.SAMPLE_RATE == pytest.approx(clip.seconds, abs=0.01)
        spoken = {by_text[one.text] for one in clip.sentences}
        assert len(spoken) >= 2 if clip.language == "mixed" else spoken == {clip.language}
        assert len({one.text for one in clip.sentences}) == len(clip.sentences) >= 2
        pauses = [after.start - before.end for before, after in zip(clip.sentences, clip.sentences[1:], strict=False)]
        assert all(0.5 <= pause <= 0.9 for pause in pauses)


def test_the_same_seed_makes_the_same_clips_and_another_makes_others(usable):
    assert joined.clips(usable, 2, seed=1) == joined.clips(usable, 2, seed=1)
    assert joined.clips(usable, 2, seed=1) != joined.clips(usable, 2, seed=2)


def test_recordings_keep_their_levels(usable):
    [clip] = joined.clips([one for one in usable if one.language == "en"], 1, seed=1)
    audio, parts = codec.decode(clip.sound), {one.text: one for one in usable}
    for one in clip.sentences:
        alone = codec.decode(parts[one.text].sound)
        at = round(one.start * codec.SAMPLE_RATE)
        assert abs(audio[at : at + len(alone)] - alone).max() < 0.001


@pytest.mark.parametrize(
    "unusable",
    [{"tags": frozenset({"far"})}, {"tags": frozenset({"overlap"})}, {"seconds": 15.1}, {"language": "mix"}],
)
def test_recordings_whose_sentences_cannot_be_told_apart_are_left_out(usable, unusable):
    of_english = [one for one in usable if one.language == "en"]
    odd = replace(of_english[0], name="odd", **unusable)
    made = joined.clips([*of_english[1:], odd], 20, seed=1)
    assert not any("odd" in one.name for one in made)


def test_recordings_that_make_no_clip_of_that_length_are_refused():
    with pytest.raises(BadIndex, match="No recordings in en make a clip of 15 to 20 s"):
        joined.clips(indexes.recordings(count=3, seconds=2.0)[:3], 1, seed=1)


def clip(*texts: str) -> Recording:
    """Each sentence five seconds long, one second apart."""
    said = tuple(Sentence(text, 6.0 * at, 6.0 * at + 5) for at, text in enumerate(texts))
    return Recording("clip", "zh", "".join(texts), b"", 6.0 * len(texts), sentences=said)


FIRST, SECOND = "今天我們開會討論預算", "明天下午三點再見"


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        (FIRST + SECOND, [False, False]),
        ("今天我们开会讨论预算，明天下午3点再见。", [False, False]),
        (FIRST, [False, True]),
        (SECOND, [True, False]),
        (FIRST + "明天下", [False, True]),
        (FIRST + "明天下午", [False, False]),
        (SECOND + FIRST, [False, True]),
        ("", [True, True]),
    ],
)
def test_a_sentence_is_lost_with_fewer_than_half_of_its_characters_in_its_place(text, lost):
    assert [one.lost for one in sentences.found(clip(FIRST, SECOND), Heard(text, "zh"))] == lost


@pytest.mark.parametrize(
    ("heard", "signs"),
    [
        (Heard(FIRST, "zh"), [False, False]),
        (Heard(FIRST, "zh", gaps=(Gap(7.0, 9.0),)), [False, True]),
        (Heard(FIRST, "zh", gaps=(Gap(5.1, 5.9),)), [False, False]),
        (Heard(FIRST, "zh", suppressed="phantom"), [True, True]),
    ],
)
def test_a_gap_in_its_place_or_a_suppressed_text_is_a_sign_of_a_lost_sentence(heard, signs):
    assert [one.sign for one in sentences.found(clip(FIRST, SECOND), heard)] == signs


def test_any_gap_is_a_sign_where_nobody_says_when_a_sentence_was_spoken():
    untimed = replace(clip(FIRST), sentences=(Sentence(FIRST),))
    assert [one.sign for one in sentences.found(untimed, Heard("", "", gaps=(Gap(1.0, 2.0),)))] == [True]


def test_a_recording_without_sentences_has_none_to_lose():
    assert sentences.found(replace(clip(FIRST), sentences=()), Heard("", "")) == ()
