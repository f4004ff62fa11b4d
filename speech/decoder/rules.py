"""Which tokens may come next: openai-whisper's suppression and time-stamp rules, for a whole batch at once.

What whisper/decoding.py does row by row on lists (SuppressBlank, SuppressTokens, ApplyTimestampRules) is done here on
tensors that never leave the device, so that a step needs no synchronisation. tests/speech/decoder/test_rules.py
holds the two against each other on random prefixes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from whisper.tokenizer import Tokenizer

from speech.decoder.checkpoint import Checkpoint

LATEST_FIRST_SECONDS = 1.0  # where the first time stamp may lie at the latest
NEVER = -1  # in place of a token that there is not


@dataclass
class Written:
    """What each row has written so far, as much of it as the rules ask for: tensors (rows,)."""

    last: torch.Tensor  # the newest token, and the one before it; NEVER where there is none
    before: torch.Tensor
    stamp: torch.Tensor  # the newest time stamp
    timed: torch.Tensor  # bool: the row writes time stamps

    @classmethod
    def nothing(cls, timed: Sequence[bool], device: torch.device) -> Written:
        """At the beginning."""
        none = torch.full((len(timed),), NEVER, device=device)
        return cls(none, none.clone(), none.clone(), torch.tensor(list(timed), device=device))

    def add(self, tokens: torch.Tensor, first_stamp: int) -> None:
        """One token (rows,) more. In place: a captured step finds them where they were."""
        self.before.copy_(self.last)
        self.last.copy_(tokens)
        self.stamp.copy_(torch.where(tokens >= first_stamp, tokens, self.stamp))

    def keep(self, rows: torch.Tensor) -> None:
        """Only these rows go on; or one several times, where several sequences go on from it."""
        self.last, self.before = self.last[rows], self.before[rows]
        self.stamp, self.timed = self.stamp[rows], self.timed[rows]


class Rules:
    """The rules of one vocabulary."""

    def __init__(self, checkpoint: Checkpoint, tokenizer: Tokenizer, device: torch.device) -> None:
        self.end, self.first_stamp = tokenizer.eot, tokenizer.timestamp_begin
        self._latest = self.first_stamp + round(LATEST_FIRST_SECONDS * checkpoint.dims.n_audio_ctx / 30)
        size = checkpoint.dims.n_vocab
        always = [*tokenizer.non_speech_tokens, *_never_written(tokenizer)]
        self._always = _barred(size, always, device)
        self._at_first = _barred(size, [*always, *tokenizer.encode(" "), tokenizer.eot], device)
        self._no_untimed = tokenizer.no_timestamps
        self._stamps = torch.arange(self.first_stamp, size, device=device)

    def bar_the_end(self) -> None:
        """From now on no text ends by itself: measurements want a fixed number of tokens."""
        self._always = self._always.clone()
        self._always[self.end] = -torch.inf

    def apply(self, logits: torch.Tensor, written: Written, *, first: bool, timed: bool) -> torch.Tensor:
        """The logits (rows, vocabulary) with -inf wherever a row may not go on. `first`: nothing is written yet.
        `timed`: some row writes time stamps."""
        logits = logits + (self._at_first if first else self._always)
        return self._timed(logits, written, first=first) if timed else logits

    def _timed(self, logits: torch.Tensor, written: Written, *, first: bool) -> torch.Tensor:
        """Time stamps come in pairs but for the end, never decrease, and come whenever they are likelier in sum than
        any one word. Rows without them are left as they are."""
        timed = written.timed[:, None]
        words, stamps = logits[:, : self.first_stamp], logits[:, self.first_stamp :]
        no_words, no_stamps = self._barred_now(written, first=first)
        words = words.masked_fill(timed & no_words, -torch.inf)
        words[:, self._no_untimed] = words[:, self._no_untimed].masked_fill(written.timed, -torch.inf)
        stamps = stamps.masked_fill(timed & no_stamps, -torch.inf)
        likelier = stamps.logsumexp(dim=-1) > words.amax(dim=-1)
        words = words.masked_fill(timed & likelier[:, None], -torch.inf)
        return torch.cat([words, stamps], dim=-1)

    def _barred_now(self, written: Written, *, first: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Bool (rows, words) and (rows, stamps): what the pairing and the order of time stamps rule out."""
        at = torch.arange(self.first_stamp, device=self._stamps.device)
        if first:
            return (at >= 0)[None], (self._stamps > self._latest)[None]
        after_stamp = written.last >= self.first_stamp
        in_pair = (written.before == NEVER) | (written.before >= self.first_stamp)
        opened, closing = after_stamp & in_pair, after_stamp & ~in_pair
        earliest = written.stamp + (~closing).long()  # a stretch has some length; NEVER + 1 is before every stamp
        no_stamps = opened[:, None] | (self._stamps < earliest[:, None])
        return closing[:, None] & (at < self.end), no_stamps


def _never_written(tokenizer: Tokenizer) -> list[int]:
    """Tokens that say what is to be done, and so are given and never written."""
    given = [tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm]
    return given if tokenizer.no_speech is None else [*given, tokenizer.no_speech]


def _barred(size: int, tokens: Sequence[int], device: torch.device) -> torch.Tensor:
    """What to add to logits so that these tokens are never chosen."""
    bar = torch.zeros(size, device=device)
    bar[list(tokens)] = -torch.inf
    return bar
