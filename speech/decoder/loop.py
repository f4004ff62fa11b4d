"""The decoding loop: rows with plans of their own go forward together, a token a step, and leave when they are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from speech.decoder.model import Attended, Cache, Model
from speech.decoder.rules import Rules, Written

LOOK_EVERY = 4  # steps between two looks at who is done: on a GPU each look is a synchronisation
WORTH_LEAVING = 0.75  # rows are taken out when no more than this share of them still writes: it costs a copy


@dataclass(frozen=True)
class Plan:
    """How one row is to be written."""

    given: tuple[int, ...]  # what stands before its text: earlier text, language, task
    start: int  # where in it <|startoftranscript|> stands
    cap: int  # tokens of text at most
    timestamps: bool = False
    temperature: float = 0.0
    seed: int = 0  # of the dice, where the temperature is not 0


@dataclass(frozen=True)
class Decoded:
    """What was written for one row."""

    tokens: tuple[int, ...]  # without the end of text
    sum_logprob: float
    no_speech_prob: float

    @property
    def avg_logprob(self) -> float:
        return self.sum_logprob / (len(self.tokens) + 1)


class Stepper(Protocol):
    """One step of the model for all rows."""

    def begin(self, tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        """Hidden states (rows, n, width) after what is given (rows, n), whose first `padding` (rows,) are nothing."""
        ...

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits (rows, vocabulary) after one token (rows,) more."""
        ...

    def keep(self, rows: torch.Tensor) -> bool:
        """Go on with these rows alone; False where it goes on with all of them."""
        ...


class Eager:
    """Steps as they come: attention covers what is written and no more, and rows that are done leave."""

    def __init__(self, model: Model, heard: list[Attended]) -> None:
        self._model, self._heard = model, heard
        self._cache = Cache(model, len(heard[0][0]))
        self._padding = torch.zeros(0)
        self._padded = False

    def begin(self, tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        self._padding, self._padded = padding, bool(padding.any())
        positions = given_positions(tokens, padding)
        return self._model.decode(tokens, positions, self._heard, self._cache, given_mask(tokens, padding))

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        at = self._cache.length
        positions = (at - self._padding)[:, None]
        mask = None
        if self._padded:
            mask = (torch.arange(at + 1, device=tokens.device) >= self._padding[:, None])[:, None, None]
        hidden = self._model.decode(tokens[:, None], positions, self._heard, self._cache, mask)
        return self._model.logits(hidden[:, -1])

    def keep(self, rows: torch.Tensor) -> bool:
        self._cache.keep(rows)
        self._heard = [(keys[rows], values[rows]) for keys, values in self._heard]
        self._padding = self._padding[rows]
        return True


def given_positions(tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
    """The place (rows, n) of each given token in its row; padding lies at the first."""
    places = torch.arange(tokens.shape[1], device=tokens.device)
    return (places - padding[:, None]).clamp(min=0)


def given_mask(tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor | None:
    """Bool (rows, 1, n, n): each token looks at itself and those before it, padding left out."""
    n = tokens.shape[1]
    if n == 1:
        return None
    at = torch.arange(n, device=tokens.device)
    real = at >= padding[:, None]  # (rows, n)
    causal = at[None, :] <= at[:, None]
    itself = at[None, :] == at[:, None]  # padding sees itself, for a softmax over nothing is no number
    return (causal & (real[:, None] | itself))[:, None]


def decode(model: Model, rules: Rules, stepper: Stepper, plans: Sequence[Plan], no_speech: int | None) -> list[Decoded]:
    """Each row's text by its plan. `no_speech`: the token whose probability at the start says that nobody speaks.

    Rows are aligned at their ends: what is given to a shorter one is padded before its beginning, so that all write
    at one place.
    """
    return _Run(model, rules, stepper, plans, no_speech).result()


class _Run:
    """One call of `decode`."""

    def __init__(
        self, model: Model, rules: Rules, stepper: Stepper, plans: Sequence[Plan], no_speech: int | None
    ) -> None:
        self._model, self._rules, self._stepper, self._plans = model, rules, stepper, plans
        device = model.device
        self._rows = list(range(len(plans)))  # which plan each row still at work belongs to
        self._caps = torch.tensor([plan.cap for plan in plans], device=device)
        self._written = Written.nothing([plan.timestamps for plan in plans], device)
        self._timed = any(plan.timestamps for plan in plans)
        self._choice = _Choice(plans, device)
        self._done = torch.zeros(len(plans), dtype=torch.bool, device=device)
        self._sums = torch.zeros(len(plans), device=device)
        self._steps: list[torch.Tensor] = []  # tokens of the rows at work, a step each
        self._found: list[tuple[list[int], float]] = [([], 0.0) for _ in plans]
        self._logits, self._silence = self._begin(no_speech)

    def result(self) -> list[Decoded]:
        count = 0
        while self._rows:
            self._write(count)
            count += 1
            if count % LOOK_EVERY == 0 or count >= self._longest:
                self._look()
            if self._rows:
                self._logits = self._stepper.step(self._written.last)
        return [
            Decoded(self._until_end(tokens), total, silence)
            for (tokens, total), silence in zip(self._found, self._silence, strict=True)
        ]

    def _begin(self, no_speech: int | None) -> tuple[torch.Tensor, list[float]]:
        device, longest = self._model.device, max(len(plan.given) for plan in self._plans)
        padding = [longest - len(plan.given) for plan in self._plans]
        rows = [[plan.given[0]] * pad + list(plan.given) for plan, pad in zip(self._plans, padding, strict=True)]
        tokens, pads = torch.tensor(rows, device=device), torch.tensor(padding, device=device)
        hidden = self._stepper.begin(tokens, pads)
        starts = torch.tensor([plan.start for plan in self._plans], device=device) + pads
        silence = [float("nan")] * len(self._plans)
        if no_speech is not None:
            at_start = self._model.logits(hidden[torch.arange(len(rows), device=device), starts])
            silence = at_start.softmax(dim=-1)[:, no_speech].tolist()
        self._longest = max(plan.cap for plan in self._plans)
        return self._model.logits(hidden[:, -1]), silence

    def _write(self, count: int) -> None:
        """One token more for every row; who is done writes the end again."""
        logits = self._rules.apply(self._logits, self._written, first=count == 0, timed=self._timed)
        tokens = self._choice(logits)
        likely = logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(dim=-1)
        self._sums += torch.where(self._done, 0.0, likely)
        tokens = torch.where(self._done, self._rules.end, tokens)
        self._done |= (tokens == self._rules.end) | (count + 1 >= self._caps)
        self._written.add(tokens, self._rules.first_stamp)
        self._steps.append(tokens)

    def _look(self) -> None:
        """Take down what is finished; rows leave when enough are."""
        done = self._done.tolist()
        if not all(done) and sum(done) < (1 - WORTH_LEAVING) * len(done):
            return
        staying = [i for i, over in enumerate(done) if not over]
        kept = torch.tensor(staying, dtype=torch.long, device=self._model.device)
        if staying and not self._stepper.keep(kept):
            return
        self._take_down()
        self._rows = [self._rows[i] for i in staying]
        self._written.keep(kept)
        self._choice.keep(staying)
        self._done, self._sums, self._caps = self._done[kept], self._sums[kept], self._caps[kept]

    def _take_down(self) -> None:
        """What the rows at work wrote since they were last taken down."""
        for row, tokens, total in zip(
            self._rows, torch.stack(self._steps, dim=1).tolist(), self._sums.tolist(), strict=True
        ):
            self._found[row] = (self._found[row][0] + tokens, total)
        self._steps = []

    def _until_end(self, tokens: list[int]) -> tuple[int, ...]:
        end = self._rules.end
        return tuple(tokens[: tokens.index(end)] if end in tokens else tokens)


class _Choice:
    """The next token of each row: the likeliest, or one by dice of the row's own, whoever its neighbours are."""

    def __init__(self, plans: Sequence[Plan], device: torch.device) -> None:
        self._temperatures = [plan.temperature for plan in plans]
        self._dice = [torch.Generator(device).manual_seed(plan.seed) for plan in plans]

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        tokens = logits.argmax(dim=-1)
        for row, temperature in enumerate(self._temperatures):
            if temperature > 0:
                likely = (logits[row] / temperature).softmax(dim=-1)
                tokens[row] = torch.multinomial(likely, 1, generator=self._dice[row])[0]
        return tokens

    def keep(self, rows: list[int]) -> None:
        self._temperatures = [self._temperatures[row] for row in rows]
        self._dice = [self._dice[row] for row in rows]
