"""Lost sentences: which sentences of a recording are not in its text, and whether something shows that."""

from __future__ import annotations

from dataclasses import dataclass

import jiwer

from bench import words
from bench.index import Recording, Sentence
from bench.systems import Heard

LEAST_FOUND = 0.5  # of a sentence's characters; with fewer it is lost


@dataclass(frozen=True)
class Found:
    """How much of one sentence is in the text. `sign`: a gap is shown where it lies, or a text was suppressed."""

    sentence: Sentence
    share: float
    sign: bool

    @property
    def lost(self) -> bool:
        return self.share < LEAST_FOUND


def found(recording: Recording, heard: Heard) -> tuple[Found, ...]:
    """Each sentence of a recording, in order. All of them are aligned with the whole text at once, so that a sentence
    counts only what the text has in its place."""
    wanted = [_characters(one.text) for one in recording.sentences]
    if not wanted:
        return ()
    equal = _equal("".join(wanted), _characters(heard.text))
    rows, at = [], 0
    for sentence, characters in zip(recording.sentences, wanted, strict=True):
        there = sum(place in equal for place in range(at, at + len(characters)))
        at += len(characters)
        rows.append(Found(sentence, there / len(characters), _sign(sentence, heard)))
    return tuple(rows)


def _characters(text: str) -> str:
    return "".join(words.tokens(text, words.MIXED))


def _equal(wanted: str, heard: str) -> set[int]:
    """The places of `wanted` that stand in `heard`."""
    if not heard:
        return set()
    aligned = jiwer.process_characters(wanted, heard).alignments[0]
    parts = [part for part in aligned if part.type == "equal"]
    return {place for part in parts for place in range(part.ref_start_idx, part.ref_end_idx)}


def _sign(sentence: Sentence, heard: Heard) -> bool:
    """Whether somebody can see that something is missing. Where nobody says when the sentence was spoken, any gap is
    one."""
    if heard.suppressed:
        return True
    if sentence.start is None or sentence.end is None:
        return bool(heard.gaps)
    return any(gap.start < sentence.end and gap.end > sentence.start for gap in heard.gaps)
