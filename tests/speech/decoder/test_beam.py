"""Beam search alone, over scripted probabilities: whatever they are, it finds what openai-whisper's search finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.decoding import BeamSearchDecoder, Inference, MaximumLikelihoodRanker

from speech.decoder.beam import Beams
from speech.decoder.layout import Layout
from speech.decoder.plan import Plan

SIZE, END, START = 24, 23, 22  # tokens; the start stands before each text
SINGLE = torch.device("cpu")

Text = tuple[int, ...]


@dataclass(frozen=True)
class Script:
    """How likely each token is after each text: a table that is drawn when it is asked for, the same each time."""

    seed: int
    ending: float  # how much the end is favoured
    barred: int  # tokens that are ruled out after each text

    def __call__(self, text: Text) -> torch.Tensor:
        dice = np.random.default_rng([self.seed, len(text), *text])
        logits = dice.normal(scale=2.0, size=SIZE).astype(np.float32)
        logits[END] += self.ending
        logits[dice.permutation(SIZE - 2)[: self.barred]] = -np.inf
        if not text:
            logits[END] = -np.inf  # no text is empty
        return torch.from_numpy(logits)


class _NoCache(Inference):
    def rearrange_kv_cache(self, source_indices):
        pass


def theirs(script: Script, beam: int, cap: int) -> tuple[Text, float]:
    """What openai-whisper's search finds, alone."""
    search = BeamSearchDecoder(beam, END, _NoCache())
    tokens, sums = torch.full((beam, 1), START), torch.zeros(beam)
    for _ in range(cap):
        logits = torch.stack([script(tuple(row[1:])) for row in tokens.tolist()])
        tokens, completed = search.update(tokens, logits, sums)
        if completed:
            break
    found, totals = search.finalize(tokens[None], sums[None])
    texts = [text[1 : (text == END).nonzero()[0, 0]] for text in found[0]]
    best = int(MaximumLikelihoodRanker(None).rank([texts], totals)[0])
    return tuple(texts[best].tolist()), totals[0][best]


def ours(scripts: list[Script], plans: list[Plan], widths: tuple[int, ...], *, leave: bool) -> list[tuple[Text, float]]:
    """What `Beams` finds for all of them side by side; `leave`: rows are taken out as soon as they are done."""
    search, layout = Beams(plans, Layout(widths), END, SINGLE), Layout(widths)
    rows, texts = list(range(len(plans))), [() for _ in plans]
    logits = torch.stack([script(()) for script in scripts])
    found: dict[int, tuple[Text, float]] = {}
    while rows:
        tokens, sources = search.choose(logits)
        texts = [(*texts[source], token) for source, token in zip(sources.tolist(), tokens.tolist(), strict=True)]
        done = search.done()
        for row, over, (text,) in zip(rows, done, search.texts(), strict=True):
            if over:
                found.setdefault(row, (tuple(text.tokens[: [*text.tokens, END].index(END)]), text.sum_logprob))
        staying = [at for at, over in enumerate(done) if not over]
        if leave or not staying:
            texts = [texts[place] for place in layout.places(staying)]
            layout, rows = layout.only(staying), [rows[at] for at in staying]
            if staying:
                search.keep(staying)
        if rows:
            logits = torch.stack([scripts[rows[at]](text) for at, text in zip(layout.owners, texts, strict=True)])
    return [found[row] for row in range(len(plans))]


SCRIPTS = st.builds(Script, st.integers(0, 10_000), st.sampled_from([-4.0, 0.0, 2.0, 5.0]), st.sampled_from([0, 8]))
ROWS = st.lists(st.tuples(SCRIPTS, st.integers(2, 5), st.integers(1, 9)), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.booleans(), st.booleans())
def test_rows_find_what_openai_whispers_search_finds_alone(rows, spare, leave):
    """`spare`: all rows have places for five, as in captured steps, whatever their beams."""
    scripts = [script for script, _, _ in rows]
    plans = [Plan((START,), 0, cap, beam=beam) for _, beam, cap in rows]
    widths = tuple(5 if spare else plan.beam for plan in plans)
    found = ours(scripts, plans, widths, leave=leave)
    for (text, total), (script, beam, cap) in zip(found, rows, strict=True):
        wanted, sum_logprob = theirs(script, beam, cap)
        assert text == wanted
        assert total == pytest.approx(sum_logprob, abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(SCRIPTS, st.integers(2, 5), st.integers(3, 12))
def test_what_beams_have_in_common_is_never_more_than_they_have(script, beam, steps):
    """The cache copies nothing before it."""
    search = Beams([Plan((START,), 0, steps + 1, beam=beam)], Layout((beam,)), END, SINGLE)
    texts, logits = [()], script(())[None]
    for _ in range(steps):
        tokens, sources = search.choose(logits)
        texts = [(*texts[source], token) for source, token in zip(sources.tolist(), tokens.tolist(), strict=True)]
        if search.done()[0]:
            break
        assert search.since() == _common(texts)
        logits = torch.stack([script(text) for text in texts])


def _common(texts: list[Text]) -> int:
    return next((i for i, tokens in enumerate(zip(*texts, strict=True)) if len(set(tokens)) > 1), len(texts[0]))
