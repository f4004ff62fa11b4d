"""The suppression and time-stamp rules are openai-whisper's, on whatever was written before and whatever is likely."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.decoding import ApplyTimestampRules, SuppressBlank, SuppressTokens
from whisper.tokenizer import get_tokenizer

from speech.decoder import checkpoint
from speech.decoder.rules import Rules, Written
from speech.decoder.vocabulary import Vocabulary
from speech.models import choice

TOKENIZER = get_tokenizer(True, num_languages=99, language="en")
FIRST = TOKENIZER.timestamp_begin
SIZE = 51_865
BEGIN = 3  # tokens given before the text

# words, the end, and time stamps early and late; in any order, also ones that no model would write
TOKENS = st.one_of(st.integers(0, 50_000), st.just(TOKENIZER.eot), st.integers(FIRST, SIZE - 1), st.just(FIRST))
PREFIX = st.lists(TOKENS, max_size=6)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Vocabulary(checkpoint.read(choice.DEMO, "demo")).rules(torch.device("cpu"))


def theirs(logits: torch.Tensor, prefix: list[int], timestamps: bool) -> torch.Tensor:
    """openai-whisper's filters, in its order, on a copy (1, vocabulary)."""
    never = [*TOKENIZER.non_speech_tokens, TOKENIZER.transcribe, TOKENIZER.translate, TOKENIZER.sot]
    never += [TOKENIZER.sot_prev, TOKENIZER.sot_lm, TOKENIZER.no_speech]
    filters = [SuppressBlank(TOKENIZER, BEGIN), SuppressTokens(sorted(set(never)))]
    if timestamps:
        filters.append(ApplyTimestampRules(TOKENIZER, BEGIN, 50))
    found = logits[None].clone()
    for one in filters:
        one.apply(found, torch.tensor([[0] * BEGIN + prefix]))
    return found[0]


def likely(seed: int, stamps: float) -> torch.Tensor:
    """Logits as a model might give them; `stamps`: how much it favours time stamps."""
    logits = torch.randn(SIZE, generator=torch.Generator().manual_seed(seed)) * 3
    logits[FIRST:] += stamps
    return logits


def written(prefixes: list[list[int]], timed: list[bool]) -> Written:
    state = Written.nothing(timed, torch.device("cpu"))
    for tokens in zip(*prefixes, strict=True):
        state.add(torch.tensor(tokens), FIRST)
    return state


@settings(max_examples=60, deadline=None)
@given(PREFIX, st.integers(0, 1000), st.sampled_from([-8.0, 0.0, 8.0]), st.booleans())
def test_a_row_may_go_on_as_openai_whisper_lets_it(rules, prefix, seed, stamps, timed):
    logits = likely(seed, stamps)
    state = written([prefix], [timed])
    ours = rules.apply(logits[None], state, first=not prefix, timed=timed)[0]
    np.testing.assert_array_equal(ours.numpy(), theirs(logits, prefix, timed).numpy())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(PREFIX, st.booleans()), min_size=2, max_size=5), st.integers(0, 1000))
def test_rows_of_a_batch_do_not_bar_each_others_tokens(rules, rows, seed):
    length = min(len(prefix) for prefix, _ in rows)
    prefixes, timed = [prefix[:length] for prefix, _ in rows], [stamps for _, stamps in rows]
    logits = torch.stack([likely(seed + i, 0.0) for i in range(len(rows))])
    ours = rules.apply(logits, written(prefixes, timed), first=length == 0, timed=any(timed))
    wanted = torch.stack([theirs(*row) for row in zip(logits, prefixes, timed, strict=True)])
    np.testing.assert_array_equal(ours.numpy(), wanted.numpy())


def test_logits_are_left_as_they_were(rules):
    logits = likely(1, 0.0)[None]
    before = logits.clone()
    rules.apply(logits, written([[5]], [True]), first=False, timed=True)
    assert torch.equal(logits, before)


def test_where_the_end_is_barred_no_text_ends(rules):
    other = Vocabulary(checkpoint.read(choice.DEMO, "demo")).rules(torch.device("cpu"))
    other.bar_the_end()
    logits = likely(1, 0.0)[None]
    logits[0, TOKENIZER.eot] = 100.0
    state = written([[5]], [False])
    assert other.apply(logits, state, first=False, timed=False).argmax() != TOKENIZER.eot
    assert rules.apply(logits, state, first=False, timed=False).argmax() == TOKENIZER.eot
