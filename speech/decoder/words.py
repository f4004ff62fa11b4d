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
from speech.engine_types import Word

SMOOTHED = 7  # moments the median is taken over
SECONDS_A_MOMENT = 0.02
OPENING = "\"'“¿([{-「『（《"
CLOSING = "\"'.。,，!！?？:：”)]}、」』）》"
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
        weights = _median(F.pad(weights, (side, side), mode="reflect").unfold(-1, SMOOTHED, 1).unbind(-1))
    return weights.mean(dim=0)


def _median(of: Sequence[torch.Tensor]) -> torch.Tensor:
    """Element by element, of an odd count of tensors. Sorted no further than it takes, all elements at once: torch's
    median along a dimension takes six times as long."""
    left = list(of)
    while len(left) > 1:
        for i in range(len(left) - 1):  # the greatest goes to the end
            left[i], left[i + 1] = torch.minimum(left[i], left[i + 1]), torch.maximum(left[i], left[i + 1])
        left.pop()
        for i in reversed(range(len(left) - 1)):  # and the least to the front
            left[i], left[i + 1] = torch.minimum(left[i], left[i + 1]), torch.maximum(left[i], left[i + 1])
        left.pop(0)
    return left[0]


def aligned(cost: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The moment at which each token begins, on the cheapest path through cost (tokens, moments) from corner to
    corner that never goes back (dynamic time warping; Sakoe and Chiba 1978).

    A token is done as a whole: it costs what the path has cost where it comes to the token, and from there on what
    lies between, a difference of two running sums.
    """
    tokens, moments = cost.shape
    total = np.full((tokens + 1, moments + 1), np.inf)  # of the cheapest path to each place, a border before both
    total[0, 0] = 0.0
    for token in range(1, tokens + 1):
        running = np.cumsum(cost[token - 1])
        came = np.minimum(total[token - 1, :-1], total[token - 1, 1:])  # from the token before, to each moment
        came[1:] -= running[:-1]
        total[token, 1:] = np.minimum.accumulate(came) + running
    return _walked_back(total)


def _walked_back(total: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    token, moment = total.shape[0] - 1, total.shape[1] - 1
    starts = np.zeros(token, np.int64)
    while token > 0 and moment > 0:
        starts[token - 1] = moment - 1
        both, token_alone = total[token - 1, moment - 1], total[token - 1, moment]
        moment_alone = total[token, moment - 1]
        if both < token_alone and both < moment_alone:
            token, moment = token - 1, moment - 1
        elif token_alone < min(both, moment_alone):
            token -= 1
        else:
            moment -= 1
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
