"""When each word was said: an alignment of tokens and moments by the weights of cross-attention.

The method is openai-whisper's (whisper/timing.py): attention of chosen heads, normalised over the tokens, smoothed
over the moments, and dynamic time warping through it. The encoder does not run again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from speech.decoder.model import Attended, Model
from speech.decoder.vocabulary import Vocabulary
from speech.rows import Word

SMOOTHED = 7  # moments the median is taken over
SECONDS_A_MOMENT = 0.02
OPENING = "\"'“¿([{-「『（《"
CLOSING = "\"'.。,，!！?？:：”)]}、」』）》"
BOTH, TOKEN, MOMENT = 0, 1, 2  # what a step of the alignment goes on by
LONGEST_WORD_SECONDS = 2.0  # a word takes no pause along; nobody says one for longer


def timed(
    model: Model,
    vocabulary: Vocabulary,
    heads: tuple[tuple[int, int], ...],
    heard: list[Attended],
    tokens: Sequence[int],
    language: str,
    task: str,
    seconds: float,
) -> tuple[Word, ...]:
    """The words of one row's text in a clip of so many seconds; `heard` is what `Model.listened` made of that row."""
    tokenizer = vocabulary.tokenizer(language, task)
    written = [token for token in tokens if token < tokenizer.eot]
    if not written:
        return ()
    before = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    room = model.dims.n_text_ctx - len(before) - 1
    written = written[:room]
    given = torch.tensor([*before, *written, tokenizer.eot], device=model.device)
    looks, logits = model.looked_at(given, heard, heads)
    moments = max(1, min(looks.shape[-1], round(seconds / SECONDS_A_MOMENT)))
    # what predicts a token looks where that token is said
    matrix = _salience(looks[:, :, :moments])[len(before) - 1 : len(before) + len(written)]
    starts = (aligned(-matrix.double().cpu().numpy()) * SECONDS_A_MOMENT).astype(np.float64)
    likely = logits[len(before) - 1 : -2, : tokenizer.eot].softmax(dim=-1)
    chances = likely.gather(1, torch.tensor(written, device=model.device)[:, None])[:, 0].tolist()
    texts, pieces = tokenizer.split_to_word_tokens([*written, tokenizer.eot])
    return _worded(texts[:-1], pieces[:-1], starts, chances, seconds)


def _salience(looks: torch.Tensor) -> torch.Tensor:
    """Float32 (tokens, moments): where each token looks more than the others do, over all heads (heads, tokens, …)."""
    weights = looks.softmax(dim=-1)
    deviation, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = (weights - mean) / deviation.clamp(min=1e-12)
    side = SMOOTHED // 2
    if weights.shape[-1] > side:
        weights = F.pad(weights, (side, side), mode="reflect").unfold(-1, SMOOTHED, 1).median(dim=-1).values
    return weights.mean(dim=0)


def aligned(cost: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The moment at which each token begins, on the cheapest path through cost (tokens, moments) from corner to
    corner that never goes back (dynamic time warping; Sakoe and Chiba 1978).

    Places on one diagonal do not depend on each other, so each diagonal is done as a whole.
    """
    tokens, moments = cost.shape
    came = np.zeros((tokens + moments + 1, tokens + 1), np.int8)  # by diagonal and token: which way was the cheapest
    older, old = np.full(tokens + 1, np.inf), np.full(tokens + 1, np.inf)
    older[0] = 0.0
    for diagonal in range(2, tokens + moments + 1):
        first, last = max(1, diagonal - moments), min(tokens, diagonal - 1)
        both, token_alone, moment_alone = older[first - 1 : last], old[first - 1 : last], old[first : last + 1]
        least = np.minimum(np.minimum(both, token_alone), moment_alone)
        rows = np.arange(first - 1, last)
        came[diagonal, first : last + 1] = np.where(
            (both < token_alone) & (both < moment_alone),
            BOTH,
            np.where(token_alone < np.minimum(both, moment_alone), TOKEN, MOMENT),
        )
        older, old = old, np.full(tokens + 1, np.inf)
        old[first : last + 1] = least + cost[rows, diagonal - 2 - rows]
    return _walked_back(came, tokens, moments)


def _walked_back(came: npt.NDArray[np.int8], token: int, moment: int) -> npt.NDArray[np.int64]:
    starts = np.zeros(token, np.int64)
    while token > 0 and moment > 0:
        starts[token - 1] = moment - 1
        way = came[token + moment, token]
        token -= int(way != MOMENT)
        moment -= int(way != TOKEN)
    return starts


def _worded(
    texts: Sequence[str],
    pieces: Sequence[Sequence[int]],
    starts: npt.NDArray[np.float64],
    chances: Sequence[float],
    seconds: float,
) -> tuple[Word, ...]:
    """Words of their tokens, punctuation beside the word it belongs to."""
    words: list[Word] = []
    at = 0
    opening = ""
    for text, piece in zip(texts, pieces, strict=True):
        begin, end = float(starts[at]), float(min(starts[at + len(piece)], starts[at] + LONGEST_WORD_SECONDS))
        chance = float(np.mean(chances[at : at + len(piece)]))
        at += len(piece)
        bare = text.strip()
        if bare and bare in CLOSING and words:
            words[-1] = Word(words[-1].start, words[-1].end, words[-1].text + text, words[-1].probability)
        elif text.startswith(" ") and bare and bare in OPENING:
            opening += text
        else:
            words.append(Word(round(begin, 3), round(min(max(begin, end), seconds), 3), opening + text, chance))
            opening = ""
    if opening and words:
        words[-1] = Word(words[-1].start, words[-1].end, words[-1].text + opening, words[-1].probability)
    return tuple(words)
