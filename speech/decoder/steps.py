"""How steps are run on this device: as they come, or on a GPU captured once for a few batch sizes and replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from speech.decoder.cache import StaticCache
from speech.decoder.eager import Eager, given_mask, given_positions
from speech.decoder.layout import Layout
from speech.decoder.loop import Decoded, Plan, decode
from speech.decoder.model import Attended, Model
from speech.decoder.plan import Enough, never_enough
from speech.decoder.rules import Rules
from speech.engine_types import MOST_BEAMS

PROVEN = 16  # batches that went through without a frame, before one of their size is made again
SIZES = (1, 2, 4, 8, 16, 32, 64)  # rows that a graph is made for; a batch takes the next larger one
WIDEST = MOST_BEAMS  # sequences of a row: a graph is made for one each, and for so many


class Steps:
    """Runs the decoding loop of one model. `static`: steps that are the same computation each time, as graphs want
    them; without a GPU they are run as they are, which is slower and gives the same."""

    def __init__(self, model: Model, rules: Rules, *, rows: int, static: bool | None = None) -> None:
        self._model, self._rules, self._rows = model, rules, rows
        self._most, self._larger = rows, 0  # rows that a frame has, and batches since then that had more
        self._static = model.device.type == "cuda" if static is None else static
        self._frames: dict[int, _Frame] = {}  # by the moments of a window

    def decoded(
        self, heard: list[Attended], plans: Sequence[Plan], no_speech: int | None, enough: Enough = never_enough
    ) -> list[tuple[Decoded, ...]]:
        """What is written for each row of `heard` by its plan."""
        groups = fitting(plans, self._model.dims.n_text_ctx)
        if len(groups) == 1:
            return self._together(heard, plans, no_speech, enough)
        found: dict[int, tuple[Decoded, ...]] = {}
        for rows in groups:
            part = [(keys[rows], values[rows]) for keys, values in heard]
            here = [plans[row] for row in rows]
            texts = self._together(part, here, no_speech, _of_group(enough, rows))
            found |= dict(zip(rows, texts, strict=True))
        return [found[row] for row in range(len(plans))]

    def shrink(self) -> None:
        """Give up what lies ready for batches, and be ready for half as many rows: memory has run out."""
        self._resize(max(1, self._most // 2))

    def _resize(self, most: int) -> None:
        self._frames.clear()
        self._most, self._larger = most, 0

    def _together(
        self, heard: list[Attended], plans: Sequence[Plan], no_speech: int | None, enough: Enough
    ) -> list[tuple[Decoded, ...]]:
        if not self._static or len(plans) > self._most:
            layout = Layout(tuple(plan.width for plan in plans))
            eager = Eager(self._model, heard, layout)
            found = decode(self._model, self._rules, eager, plans, no_speech, enough)
            self._larger += 1
            if self._static and self._larger >= PROVEN:  # whatever took the memory has given it back
                self._resize(min(self._rows, 2 * self._most))
            return found
        size = min(self._most, next(size for size in SIZES if size >= len(plans)))
        width = 1 if all(plan.width == 1 for plan in plans) else WIDEST
        moments = heard[0][0].shape[2]
        if moments not in self._frames:
            self._frames[moments] = _Frame(self._model, self._most, moments)
        stepper = self._frames[moments].taking(heard, Layout((width,) * size))
        stand_ins = [Plan(plans[0].given, plans[0].start, cap=1)] * (size - len(plans))
        return decode(self._model, self._rules, stepper, [*plans, *stand_ins], no_speech, enough)[: len(plans)]


def fitting(plans: Sequence[Plan], context: int) -> list[list[int]]:
    """The rows that can be written together: aligned at their ends, the longest beginning and the longest text must
    find room in the context behind each other. A long beginning leaves less room than its neighbours may need."""
    groups: list[list[int]] = []
    most = 0
    for row in sorted(range(len(plans)), key=lambda row: len(plans[row].given)):
        most = max(most, plans[row].cap)
        if not groups or len(plans[row].given) + most > context + 1:
            groups.append([])
            most = plans[row].cap
        groups[-1].append(row)
    return [sorted(rows) for rows in groups]


def _of_group(enough: Enough, rows: Sequence[int]) -> Enough:
    """The same question about the rows of a group, by their numbers in it."""
    return lambda at, ready: enough(rows[at], ready)


class _Frame:
    """Memory that stays where it is for windows of so many moments, and the captured steps that work in it."""

    def __init__(self, model: Model, rows: int, moments: int) -> None:
        dims = model.dims
        shape = (dims.n_text_layer, 2, rows, dims.n_text_head, moments, dims.n_text_state // dims.n_text_head)
        self._model = model
        self._heard = torch.zeros(shape, dtype=model.dtype, device=model.device)
        self._cache = model.static_cache(rows * WIDEST)
        self._steps: dict[Layout, _Step] = {}

    def taking(self, heard: list[Attended], layout: Layout) -> Static:
        """A stepper for these rows, and whatever fills them up to those of `layout`."""
        for layer, (keys, values) in enumerate(heard):
            self._heard[layer, 0, : len(keys)] = keys
            self._heard[layer, 1, : len(values)] = values
        if layout not in self._steps:
            rows = len(layout.widths)
            views = [(layer[0, :rows], layer[1, :rows]) for layer in self._heard]
            self._steps[layout] = _Step(self._model, views, self._cache.of(layout.sequences), layout)
        return Static(self._model, self._steps[layout])


@dataclass
class _Step:
    """One step of so many sequences: its inputs and outputs lie at fixed addresses, and it can be a graph."""

    model: Model
    heard: list[Attended]
    cache: StaticCache
    layout: Layout

    def __post_init__(self) -> None:
        sequences, device = self.layout.sequences, self.model.device
        self.tokens = torch.zeros(sequences, dtype=torch.long, device=device)
        self.padding = torch.zeros(sequences, dtype=torch.long, device=device)
        self.logits = torch.zeros(0)
        self.places = torch.arange(self.model.dims.n_text_ctx, device=device)
        self.owners = torch.tensor(self.layout.owners, device=device)
        self.folds = None if self.layout.plain else self.layout.folds
        self._graph: torch.cuda.CUDAGraph | None = None

    def run(self) -> torch.Tensor:
        """Logits (sequences, vocabulary) after `tokens`."""
        if self.model.device.type == "cuda":
            self._graph = self._graph or self._captured()
            self._graph.replay()
        else:
            self._compute()
        return self.logits

    def _compute(self) -> None:
        at, padding = self.cache.at, self.padding[:, None]
        mask = (self.places <= at) & (self.places >= padding)
        tokens, mask = self.tokens[:, None], mask[:, None, None]
        hidden = self.model.decode(tokens, at - padding, self.heard, self.cache, mask, self.folds)
        self.logits = self.model.logits(hidden[:, -1])
        at += 1

    def _captured(self) -> torch.cuda.CUDAGraph:
        """The computation, recorded after two trial runs on a stream aside, as CUDA asks for. What they wrote into the
        cache lies where the next step, or the mask, passes over it."""
        at, aside = self.cache.at.clone(), torch.cuda.Stream(self.model.device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(self.model.device))
        with torch.cuda.stream(aside):
            for _ in range(2):
                self._compute()
                self.cache.at.copy_(at)
        torch.cuda.current_stream(self.model.device).wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        try:
            # the stream by name: the default one for captures lies on the first device, whichever this is
            with torch.cuda.device(self.model.device), torch.cuda.graph(graph, stream=aside):
                self._compute()
        except RuntimeError as error:
            if isinstance(error.__context__, torch.OutOfMemoryError):
                raise error.__context__ from None  # ending the capture fails too, and hides why
            raise
        self.cache.at.copy_(at)
        return graph


class Static:
    """A stepper over a `_Step`: all rows go on to the end, those that are done beside the others."""

    def __init__(self, model: Model, step: _Step) -> None:
        self._model, self._step = model, step
        self.layout = step.layout

    def begin(self, tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        step, (rows, n) = self._step, tokens.shape
        positions, mask = given_positions(tokens, padding), given_mask(tokens, padding)
        if mask is None:  # one token alone is taken in as a step's is, where attention covers all places
            mask = (step.places <= 0)[None, None, None]
        step.cache.at.zero_()
        hidden = self._model.decode(tokens, positions, step.heard, step.cache.of(rows), mask)
        if not self.layout.plain:
            step.cache.copy(step.owners, 0, n)
        step.padding.copy_(padding[step.owners])
        step.cache.at.fill_(n)
        self._given = n
        return hidden

    def reorder(self, sources: torch.Tensor, since: int, written: int) -> None:
        self._step.cache.copy(sources, self._given + since, self._given + written)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        self._step.tokens.copy_(tokens)
        return self._step.run()

    def keep(self, rows: Sequence[int]) -> bool:
        return False
