"""Beam search: the likeliest texts of a row are written side by side, and the best one that ends is its text.

The rules are those of openai-whisper's `BeamSearchDecoder` with patience 1 and no length penalty (whisper/decoding.py),
for rows of different beams at once, on tensors that never leave the device:

- every beam proposes its `beam + 1` likeliest tokens; of all proposals of a row those that do not end the text are
  ranked by the sum of their log-probabilities, and the `beam` best go on;
- a proposal that ends the text, and ranks before the last of those, is a finished text, while there are fewer than
  `beam` of them; when there are so many, the row is done;
- a row that is not done when its tokens are used up takes its best unfinished texts for the missing ones;
- of the finished texts the one with the highest log-probability a token (the end not counted) is the row's.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from speech.decoder.layout import Layout
from speech.decoder.plan import Plan
from speech.decoder.sampling import Text


class Beams:
    """The rows of a batch that are decoded by beam search. Where a row has more sequences than its beam, the others are
    idle. Tensors are (rows, beams) with the widest row's beams, or (sequences,), where a row has only its own."""

    def __init__(self, plans: Sequence[Plan], layout: Layout, end: int, device: torch.device) -> None:
        self._end, self._device = end, device
        self._beam = torch.tensor([plan.beam for plan in plans], device=device)
        self._caps = torch.tensor([plan.cap for plan in plans], device=device)
        self._lay(layout)
        rows, most = len(plans), max(plan.cap for plan in plans)
        self._sources = torch.arange(rows, device=device)[:, None]  # at first each row is one sequence
        self._sums = torch.zeros(rows, device=device)
        self._texts = torch.full((rows, most), end, device=device)
        self._count = 0  # tokens written
        self._finished = torch.zeros(rows, dtype=torch.long, device=device)
        self._over = torch.zeros(rows, dtype=torch.bool, device=device)
        self._best = torch.full((rows,), -torch.inf, dtype=torch.float64, device=device)  # a token
        self._best_sums = torch.full((rows,), -torch.inf, device=device)
        self._best_texts = self._texts.clone()

    def choose(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The next token of each sequence, (sequences,), and which of the sequences before it goes on from. At first
        there are logits of a row each, and the sequences go on from their rows."""
        most = self._places.shape[1]
        top, ids = logits.topk(most + 1)
        scores = self._sums[:, None] + (top - logits.logsumexp(dim=-1, keepdim=True))
        scores, tokens, proposed = self._proposals(scores, ids)
        ends = tokens == self._end
        ranked, order = scores.masked_fill(ends, -torch.inf).sort(dim=1, descending=True, stable=True)
        last = (self._beam - 1)[:, None]
        worst, worst_at = ranked.gather(1, last), order.gather(1, last)
        earlier = torch.arange(scores.shape[1], device=self._device) < worst_at
        ended = proposed & ends & ((scores > worst) | ((scores == worst) & earlier))
        sources = self._sources.repeat_interleave(most + 1, dim=1)
        self._finish(scores, ended, sources)
        order = order[:, :most]
        return self._go_on(ranked[:, :most], tokens.gather(1, order), sources.gather(1, order))

    def since(self) -> int:
        """How many tokens the beams of a row have in common at their beginning: of all rows at work the fewest. On a
        GPU this is a synchronisation."""
        known = self._texts[:, : self._count]
        same = (known == known[self._firsts[self._owners]]) | self._over[self._owners, None]
        return int(same.all(dim=0).long().cumprod(dim=0).sum())

    def texts(self) -> list[list[Text]]:
        """Each row's best, alone in a list."""
        columns = zip(self._best_texts.tolist(), self._best_sums.tolist(), self._over.tolist(), strict=True)
        return [[Text(tokens, total, over, given_up=False)] for tokens, total, over in columns]

    def done(self) -> list[bool]:
        """Whether each row is."""
        over: list[bool] = self._over.tolist()
        return over

    def keep(self, rows: Sequence[int]) -> None:
        """Only these rows go on."""
        places = self._layout.places(rows)
        at = list(rows)
        self._sums, self._texts = self._sums[places], self._texts[places]
        self._beam, self._caps, self._finished = self._beam[at], self._caps[at], self._finished[at]
        self._over, self._best = self._over[at], self._best[at]
        self._best_sums, self._best_texts = self._best_sums[at], self._best_texts[at]
        self._lay(self._layout.only(rows))
        self._sources = self._places

    def _lay(self, layout: Layout) -> None:
        """Where the sequences of each row are."""
        self._layout = layout
        most = max(layout.widths, default=1)
        widths = torch.tensor(layout.widths, device=self._device)
        self._owners = torch.tensor(layout.owners, device=self._device)
        self._firsts = widths.cumsum(0) - widths
        beams = torch.arange(most, device=self._device)
        self._there = beams < self._beam[:, None]
        exists = beams < widths[:, None]
        self._places = self._firsts[:, None] + torch.where(exists, beams, 0)
        self._own = exists.flatten().nonzero()[:, 0]  # of (rows, beams), those that are sequences

    def _proposals(self, scores: torch.Tensor, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Scores, tokens and whether they count, each (rows, beams * proposals), of what all beams of a row propose."""
        first = self._sources.shape[1] == 1
        there = self._there[:, :1] if first else self._there
        ranks = torch.arange(scores.shape[1], device=self._device)
        proposed = there[:, :, None] & (ranks <= self._beam[:, None, None])
        found = scores[self._sources].masked_fill(~proposed, -torch.inf)
        return found.flatten(1), ids[self._sources].flatten(1), proposed.flatten(1)

    def _finish(self, scores: torch.Tensor, ended: torch.Tensor, sources: torch.Tensor) -> None:
        """Take down the texts that end now. Only the best of them can be the row's: they are all of one length."""
        score, at = scores.masked_fill(~ended, -torch.inf).max(dim=1)
        room = ~self._over & (self._finished < self._beam)
        self._take(room, score, self._texts[sources.gather(1, at[:, None])[:, 0]])
        self._finished += torch.where(room, ended.sum(dim=1), 0)

    def _take(self, may: torch.Tensor, sums: torch.Tensor, texts: torch.Tensor) -> None:
        """Let these texts (rows, tokens) be the best where they are better."""
        each = sums.double() / max(1, self._count)
        better = may & (each > self._best)
        self._best = torch.where(better, each, self._best)
        self._best_sums = torch.where(better, sums, self._best_sums)
        self._best_texts = torch.where(better[:, None], texts, self._best_texts)

    def _go_on(
        self, sums: torch.Tensor, tokens: torch.Tensor, sources: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the tokens that the rows go on with, all (rows, beams), the likeliest first."""
        idle = ~self._there | self._over[:, None]
        tokens = tokens.masked_fill(idle, self._end).flatten()[self._own]
        if self._count:
            sources = torch.where(idle, self._places, sources)  # nothing is moved for those
        sources = sources.flatten()[self._own]
        self._sums = sums.masked_fill(idle, -torch.inf).flatten()[self._own]
        self._texts = self._texts[sources]
        self._texts[:, self._count] = tokens
        self._count += 1
        self._sources = self._places
        full = self._count >= self._caps
        open_ = full & ~self._over & (self._finished < self._beam)
        self._take(open_, sums[:, 0], self._texts[self._firsts])
        self._over |= full | (self._finished >= self._beam)
        return tokens, sources
