"""The decoding loop: rows with plans of their own go forward together, a token a step, and leave when they are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from speech.decoder.beam import Beams
from speech.decoder.layout import Layout
from speech.decoder.model import Model
from speech.decoder.plan import Decoded as Decoded
from speech.decoder.plan import Enough, never_enough
from speech.decoder.plan import Plan as Plan
from speech.decoder.rules import Rules, Written
from speech.decoder.sampling import Samples, Text, loops

LOOK_EVERY = 4  # steps between two looks at who is done on a GPU, where each look is a synchronisation
WORTH_LEAVING = 0.75  # rows are taken out when no more than this share of the work is left: it costs a copy
JUDGED_EVERY = 8  # steps between two looks at what was sampled: whether it loops, or is enough


class Stepper(Protocol):
    """One step of the model for all sequences."""

    layout: Layout

    def begin(self, tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        """Hidden states (rows, n, width) after what is given (rows, n), whose first `padding` (rows,) are nothing. All
        sequences of a row go on from it."""
        ...

    def reorder(self, sources: torch.Tensor, since: int, written: int) -> None:
        """Each sequence goes on from another one, `sources` (sequences,), of which `written` tokens of text went
        through `step`; the first `since` of them are the same anyway."""
        ...

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits (sequences, vocabulary) after one token (sequences,) more."""
        ...

    def keep(self, rows: Sequence[int]) -> bool:
        """Go on with these rows alone; False where it goes on with all of them."""
        ...


def decode(
    model: Model,
    rules: Rules,
    stepper: Stepper,
    plans: Sequence[Plan],
    no_speech: int | None,
    enough: Enough = never_enough,
) -> list[tuple[Decoded, ...]]:
    """Each row's texts by its plan: one, or one for each of its temperatures. `no_speech`: the token whose probability
    at the start says that nobody speaks.

    Rows are aligned at their ends: what is given to a shorter one is padded before its beginning, so that all write
    at one place.
    """
    return _Run(model, rules, stepper, plans, no_speech, enough).result()


@dataclass
class _Part:
    """Rows that are decoded in one way, where they are in the batch, and where their sequences are."""

    search: Samples | Beams
    rows: list[int]
    row_places: torch.Tensor
    places: torch.Tensor
    longest: int  # tokens that one of them may write

    def found(self, rows: Sequence[bool]) -> list[tuple[int, list[Text]]]:
        """The texts of those rows of the batch that are marked, where they are this part's."""
        return [(row, texts) for row, texts in zip(self.rows, self.search.texts(), strict=True) if rows[row]]


class _Run:
    """One call of `decode`."""

    def __init__(
        self,
        model: Model,
        rules: Rules,
        stepper: Stepper,
        plans: Sequence[Plan],
        no_speech: int | None,
        enough: Enough,
    ) -> None:
        self._model, self._rules, self._stepper, self._plans = model, rules, stepper, plans
        self._enough = enough
        self._rows = list(range(len(plans)))  # which plan each row still at work belongs to
        self._longest = max(plan.cap for plan in plans)
        self._written = Written.nothing([plan.timestamps for plan in plans], model.device)
        self._timed = any(plan.timestamps for plan in plans)
        self._parts = self._divided()
        self._found: list[list[Text]] = [[] for _ in plans]
        self._logits, self._silence = self._begin(no_speech)
        self._every = 1 if model.device.type == "cpu" else LOOK_EVERY

    def result(self) -> list[tuple[Decoded, ...]]:
        count = 0
        while self._rows:
            self._write(count)
            count += 1
            if count % JUDGED_EVERY == 0:
                self._judge()
            if count % self._every == 0 or count >= self._longest:
                self._look()
            if self._rows:
                self._logits = self._stepper.step(self._written.last)
        return [
            tuple(self._decoded(text, silence) for text in texts)
            for texts, silence in zip(self._found, self._silence, strict=True)
        ]

    def _divided(self) -> list[_Part]:
        """Those that are searched for by beams, and the others."""
        layout, device, end = self._stepper.layout, self._model.device, self._rules.end
        parts = []
        for kind, beams in ((Samples, False), (Beams, True)):
            rows = [row for row in self._rows if (self._plans[row].beam > 1) is beams]
            if rows:
                search = kind([self._plans[row] for row in rows], layout.only(rows), end, device)
                parts.append(self._part(search, rows))
        return parts

    def _part(self, search: Samples | Beams, rows: list[int]) -> _Part:
        places = self._stepper.layout.places(rows)
        device = self._model.device
        longest = max(self._plans[self._rows[row]].cap for row in rows)
        return _Part(search, rows, torch.tensor(rows, device=device), torch.tensor(places, device=device), longest)

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
        return self._model.logits(hidden[:, -1]), silence

    def _write(self, count: int) -> None:
        """One token more for every sequence; who is done writes the end again."""
        first = count == 0
        since = 0 if first else self._since()
        logits = self._rules.apply(self._logits, self._written, first=first, timed=self._timed)
        tokens, sources = self._chosen(logits, count)
        if sources is not None:
            self._written.keep(sources)
            if not first:
                self._stepper.reorder(sources, since, count)
        self._written.add(tokens, self._rules.first_stamp)

    def _chosen(self, logits: torch.Tensor, written: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The next token of each sequence, and which one it goes on from (at first: which row); None: from itself."""
        if len(self._parts) == 1 and written < self._parts[0].longest:
            return self._parts[0].search.choose(logits)
        count = self._stepper.layout.sequences
        tokens = torch.full((count,), self._rules.end, device=logits.device)
        sources = torch.arange(count, device=logits.device)
        for part in self._parts:
            if written >= part.longest:  # done, and waits beside a part that may write more
                continue
            before = part.places if written else part.row_places
            chosen, origins = part.search.choose(logits[before])
            tokens[part.places] = chosen
            sources[part.places] = before if origins is None else before[origins]
        return tokens, sources

    def _since(self) -> int:
        """From where on the beams of a row may differ; on a GPU nobody waits to be told."""
        if self._model.device.type != "cpu":
            return 0
        return min((part.search.since() for part in self._parts if isinstance(part.search, Beams)), default=0)

    def _judge(self) -> None:
        """Give up what repeats itself without end, and rows of which enough is there. Greedy text goes on: it is
        openai-whisper's to the last token."""
        for part in self._parts:
            if not isinstance(part.search, Samples):
                continue
            for local, (row, texts) in enumerate(zip(part.rows, part.search.texts(), strict=True)):
                number = self._rows[row]
                heats = self._plans[number].temperatures
                if not any(heats):
                    continue
                there = texts[: len(heats)]
                if self._enough(
                    number, [self._decoded(one, self._silence[number]) if one.over else None for one in there]
                ):
                    part.search.give_up(local, range(len(texts)))
                else:
                    looping = [i for i, one in enumerate(there) if heats[i] and not one.over and loops(one.tokens)]
                    part.search.give_up(local, looping)

    def _look(self) -> None:
        """Take down what is finished; rows leave when enough are."""
        done = [False] * len(self._rows)
        for part in self._parts:
            for row, over in zip(part.rows, part.search.done(), strict=True):
                done[row] = over
        staying = [row for row, over in enumerate(done) if not over]
        layout = self._stepper.layout
        if staying and (
            layout.only(staying).sequences > WORTH_LEAVING * layout.sequences or not self._stepper.keep(staying)
        ):
            return
        for part in self._parts:
            for row, texts in part.found(done):
                self._found[self._rows[row]] = texts[: len(self._plans[self._rows[row]].temperatures)]
        self._rows = [self._rows[row] for row in staying]
        if staying:
            self._keep(staying, torch.tensor(layout.places(staying), device=self._model.device))

    def _keep(self, staying: list[int], places: torch.Tensor) -> None:
        """Only these rows, and so these sequences, go on."""
        self._written.keep(places)
        parts = []
        for part in self._parts:
            kept = [local for local, row in enumerate(part.rows) if row in staying]
            if kept:
                part.search.keep(kept)
                parts.append(self._part(part.search, [staying.index(part.rows[local]) for local in kept]))
        self._parts = parts

    def _decoded(self, text: Text, silence: float) -> Decoded:
        end = self._rules.end
        tokens = text.tokens[: text.tokens.index(end)] if end in text.tokens else text.tokens
        return Decoded(tuple(tokens), text.sum_logprob, silence, text.given_up)
