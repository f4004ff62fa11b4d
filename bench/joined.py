"""Joined clips: two or three recordings one after another, as one microphone on a table or a shared call gives them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from bench.index import MIXED, NO_LANGUAGE, BadIndex, Recording, Sentence
from speech.audio import codec

SHORTEST, LONGEST = 15.0, 20.0  # seconds of a clip
LONGEST_RECORDING = 15.0
PAUSE = (0.5, 0.9)  # seconds between two sentences
UNUSED = frozenset({"overlap", "far"})  # tags of recordings whose sentences cannot be told apart
TRIES = 10_000  # for one clip, before the recordings are said not to fit


def clips(recordings: Sequence[Recording], count: int, seed: int) -> list[Recording]:
    """`count` clips in each language and `count` of several, always the same for the same seed. Raises `BadIndex`
    where no recordings fit together."""
    usable = [
        one for one in recordings
        if one.language not in NO_LANGUAGE and not one.tags & UNUSED and one.seconds <= LONGEST_RECORDING
    ]  # fmt: skip
    languages = sorted({one.language for one in usable})
    made: list[Recording] = []
    for language in [*languages, MIXED] if len(languages) > 1 else languages:
        chance = random.Random(f"{seed} {language}")  # noqa: S311 - the same again is what is wanted
        made += [_clip(usable, language, number, chance) for number in range(1, count + 1)]
    return made


def _clip(usable: Sequence[Recording], language: str, number: int, chance: random.Random) -> Recording:
    """One clip whose length fits."""
    for _ in range(TRIES):
        parts = _drawn(usable, language, chance)
        pauses = [chance.uniform(*PAUSE) for _ in parts[1:]]
        if SHORTEST <= sum(one.seconds for one in parts) + sum(pauses) <= LONGEST:
            return _joined(parts, pauses, language, number)
    raise BadIndex(f"No recordings in {language} make a clip of {SHORTEST:g} to {LONGEST:g} s.")


def _drawn(usable: Sequence[Recording], language: str, chance: random.Random) -> list[Recording]:
    """Two or three different recordings; for mixed clips in two languages at least."""
    size = chance.choice((2, 3))
    if language != MIXED:
        own = [one for one in usable if one.language == language]
        return chance.sample(own, min(size, len(own)))
    languages = chance.sample(sorted({one.language for one in usable}), 2)
    languages += chance.choices(languages, k=size - 2)
    parts: list[Recording] = []
    for wanted in chance.sample(languages, len(languages)):
        others = [one for one in usable if one.language == wanted and one not in parts]
        parts += chance.sample(others, min(1, len(others)))
    return parts


def _joined(parts: Sequence[Recording], pauses: Sequence[float], language: str, number: int) -> Recording:
    """The parts behind one another, as loud as they are."""
    sounds: list[codec.Audio] = []
    sentences: list[Sentence] = []
    at = 0
    for part, pause in zip(parts, [*pauses, 0.0], strict=True):
        sound = codec.decode(part.sound)
        sentences.append(Sentence(part.text, at / codec.SAMPLE_RATE, (at + len(sound)) / codec.SAMPLE_RATE))
        sounds += [sound, np.zeros(round(pause * codec.SAMPLE_RATE), np.float32)]
        at += len(sound) + len(sounds[-1])
    return Recording(
        name=f"{language} {number}: {' + '.join(part.name for part in parts)}",
        language=language,
        text=" ".join(part.text for part in parts),
        sound=codec.as_wav(np.concatenate(sounds)),
        seconds=at / codec.SAMPLE_RATE,
        sentences=tuple(sentences),
    )
