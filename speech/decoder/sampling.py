"""Greedy decoding and sampling: each sequence goes on with its likeliest token, or with one drawn at a temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from speech.decoder.layout import Layout
from speech.decoder.plan import Plan

LOOP_TOKENS = 32  # a text loops whose last so many tokens, and three rounds at least, repeat
LOOP_ROUNDS = 3
LONGEST_ROUND = 24


def loops(tokens: Sequence[int]) -> bool:
    """Whether the end of the text is the same few tokens over and over."""
    for round_ in range(1, LONGEST_ROUND + 1):
        length = round_ * max(LOOP_ROUNDS, -(-LOOP_TOKENS // round_))
        tail = tokens[-length:]
        if len(tail) == length and tail[round_:] == tail[:-round_]:
            return True
    return False


@dataclass(frozen=True)
class Text:
    """What one sequence came to: its tokens, the end among them where it was reached."""

    tokens: list[int]
    sum_logprob: float
    over: bool
    given_up: bool


class Samples:
    """The rows of a batch that are decoded without a beam. A row has a sequence for each temperature; sequences
    beyond those are idle."""

    def __init__(self, plans: Sequence[Plan], layout: Layout, end: int, device: torch.device) -> None:
        self._layout, self._end = layout, end
        heats = [
            heat
            for plan, width in zip(plans, layout.widths, strict=True)
            for heat in [*plan.temperatures, *[None] * (width - len(plan.temperatures))]
        ]
        caps = [plans[row].cap for row in layout.owners]
        self._owners = torch.tensor(layout.owners, device=device)
        self._caps = torch.tensor(caps, device=device)
        self._least = torch.tensor([plans[row].least for row in layout.owners], device=device)
        self._over = torch.tensor([heat is None for heat in heats], device=device)
        self._given_up = torch.zeros_like(self._over)
        self._sums = torch.zeros(len(heats), device=device)
        self._texts = torch.full((len(heats), max(caps)), end, device=device)
        self._count = 0
        self._dice = _Dice([heat or 0.0 for heat in heats], max(caps), device)

    def choose(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The next token of each sequence, (sequences,), and which one it goes on from: None, for it is its own. At
        first there are logits of a row each, and the sequences go on from their rows."""
        sources = None
        if len(logits) != len(self._owners):
            logits, sources = logits[self._owners], self._owners
        tokens = self._dice.drawn(logits, self._count)
        likely = logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(dim=-1)
        self._sums += torch.where(self._over, 0.0, likely)
        tokens = torch.where(self._over, self._end, tokens)
        self._texts[:, self._count] = tokens
        self._count += 1
        hopeless = self._sums < self._least
        self._given_up |= hopeless & ~self._over
        self._over |= hopeless | (tokens == self._end) | (self._count >= self._caps)
        return tokens, sources

    def texts(self) -> list[list[Text]]:
        """Those of each row as they are now."""
        written = self._texts[:, : self._count].tolist()
        columns = zip(written, self._sums.tolist(), self._over.tolist(), self._given_up.tolist(), strict=True)
        every = [Text(*one) for one in columns]
        return [[every[place] for place in self._layout.places([row])] for row in range(len(self._layout.widths))]

    def done(self) -> list[bool]:
        """Whether each row is."""
        over = self._over.tolist()
        return [all(over[place] for place in self._layout.places([row])) for row in range(len(self._layout.widths))]

    def give_up(self, row: int, places: Sequence[int]) -> None:
        """Write no further on these of a row's texts, where they are not over yet."""
        first = self._layout.places([row])[0]
        at = [first + place for place in places]
        self._given_up[at] |= ~self._over[at]
        self._over[at] = True

    def keep(self, rows: Sequence[int]) -> None:
        """Only these rows go on."""
        places = self._layout.places(rows)
        self._layout = self._layout.only(rows)
        self._owners = torch.tensor(self._layout.owners, dtype=torch.long, device=self._owners.device)
        self._caps, self._least, self._over = self._caps[places], self._least[places], self._over[places]
        self._given_up, self._sums, self._texts = self._given_up[places], self._sums[places], self._texts[places]
        self._dice.keep(places)


class _Dice:
    """Chooses by the temperature of each sequence. What is drawn depends on the temperature and the text so far, never
    on the neighbours: each temperature has numbers of its own, and the same clip gives the same text."""

    def __init__(self, temperatures: Sequence[float], most: int, device: torch.device) -> None:
        self._temperatures = list(temperatures)
        self._most, self._device = most, device
        self._chances = torch.zeros(0)
        self._set()

    def drawn(self, logits: torch.Tensor, count: int) -> torch.Tensor:
        tokens = logits.argmax(dim=-1)
        if self._hot:
            likely = (logits[self._hot] / self._heats).softmax(dim=-1).cumsum(dim=-1)
            passed = likely > self._chances[:, count, None] * likely[:, -1:]
            tokens[self._hot] = passed.byte().argmax(dim=-1)
        return tokens

    def keep(self, places: Sequence[int]) -> None:
        self._temperatures = [self._temperatures[place] for place in places]
        self._set()

    def _set(self) -> None:
        self._hot = [place for place, heat in enumerate(self._temperatures) if heat > 0]
        if self._hot:
            heats = [self._temperatures[place] for place in self._hot]
            self._heats = torch.tensor(heats, device=self._device)[:, None]
            self._chances = torch.stack([_chances(heat, self._most) for heat in heats]).to(self._device)


def _chances(temperature: float, count: int) -> torch.Tensor:
    """So many numbers from 0 to less than 1, the same each time and on each device."""
    dice = torch.Generator().manual_seed(round(temperature * 10))
    return torch.rand(count, generator=dice) * (1 - 1e-6)
