"""Whisper by our own batched decoder: openai-whisper's weights, vocabulary and rules, many rows at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from whisper.utils import compression_ratio

from speech.decoder import checkpoint, words
from speech.decoder.languages import Guess
from speech.decoder.mel import LogMel
from speech.decoder.model import Attended, Model
from speech.decoder.plan import Decoded, Plan
from speech.decoder.steps import Steps
from speech.decoder.vocabulary import Vocabulary
from speech.engines import (
    MOST_BEAMS,
    SAMPLE_RATE,
    Capabilities,
    Hypothesis,
    Outcome,
    Row,
    encoder_window,
    fallback,
    lost,
    model_names,
    refusal,
)
from speech.engines.english import believed, translating, wanted
from speech.engines.spoken_languages import LanguageDetector
from speech.engines.timestamps import segments

CPU_BATCH, GPU_BATCH = 8, 64  # rows decoded together at most
GPU_SHARE = 0.5  # of the memory that the weights leave free, for what a batch needs


@dataclass(frozen=True)
class _Heard:
    """A batch after the encoder: what cross-attention reads, and each row's language."""

    attended: list[Attended]
    rows: list[Row]
    languages: list[Guess]

    def only(self, places: list[int]) -> _Heard:
        if places == list(range(len(self.rows))):
            return self
        kept = [(keys[places], values[places]) for keys, values in self.attended]
        return _Heard(kept, [self.rows[i] for i in places], [self.languages[i] for i in places])


class WhisperEngine:
    """A loaded Whisper model. One thread at a time."""

    name = "whisper"

    def __init__(
        self,
        path: Path,
        *,
        model: str,
        demo: bool,
        device: str,
        dtype: str,
        window: str = "padded",
        static: bool | None = None,
    ) -> None:
        """`window`: the encoder's, for rows that do not ask for one. `static`: whether steps are run as a GPU captures
        them; None: on a GPU. Raises what reading the checkpoint raises."""
        read = checkpoint.read(path, model)
        self.model, self.demo, self.device = model, demo, device
        self._window = window
        self._heads = read.heads
        at = torch.device(device)
        with torch.inference_mode():
            self._whisper = Model(read, at, getattr(torch, dtype))
            self._mel = LogMel(read.dims.n_mels, at)
            self._vocabulary = Vocabulary(read)
            self.rules = self._vocabulary.rules(at)
            self._batch = _rows(self._whisper, window)
            self._steps = Steps(self._whisper, self.rules, rows=self._batch, static=static)
        self.capabilities = Capabilities(
            languages=model_names.DEMO_LANGUAGES if demo else tuple(sorted(self._vocabulary.languages)),
            translates=read.multilingual and model_names.translates(model),
            words=True,
            batch=self._batch,
        )
        self._detector = LanguageDetector(self._whisper, self._vocabulary, self._mel, self.capabilities.languages)

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        outcomes: list[Outcome | None] = [refusal(row, self.capabilities) for row in rows]
        sound = [i for i, outcome in enumerate(outcomes) if outcome is None]
        for seconds in sorted({encoder_window.seconds(rows[i], self._window) for i in sound}):
            places = [i for i in sound if encoder_window.seconds(rows[i], self._window) == seconds]
            for i, outcome in zip(places, self._halving([rows[i] for i in places], seconds), strict=True):
                outcomes[i] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _halving(self, rows: list[Row], seconds: float) -> list[Outcome]:
        """What was heard in these rows; where memory does not suffice, in one half of them and then in the other."""
        try:
            with torch.inference_mode():
                return list(self._transcribed(rows, seconds))
        except (RuntimeError, ValueError, IndexError) as error:
            failure = lost(error)
            if not failure.retryable:
                raise failure from error
        self._steps.shrink()
        torch.cuda.empty_cache()  # after the except: its traceback holds the tensors
        if len(rows) == 1:
            return [failure]
        half = len(rows) // 2
        return self._halving(rows[:half], seconds) + self._halving(rows[half:], seconds)

    def _transcribed(self, rows: list[Row], seconds: float) -> list[Hypothesis]:
        """Rows with as many beams are decoded side by side, for they share their steps of attention."""
        order = sorted(range(len(rows)), key=lambda i: rows[i].options.beam or 1)
        heard = self._listened([rows[i] for i in order], seconds)
        found: dict[int, Hypothesis] = {}
        for place, i in enumerate(order):
            language = heard.languages[place].code
            if rows[i].first:  # in one language, as it was found to be then
                continue
            if turns := self._detector.turns(rows[i], language, heard.only([place]).attended):
                found[i] = Hypothesis("", language, turns=turns)
        whole = [place for place, i in enumerate(order) if i not in found]
        if whole:
            found.update(zip([order[place] for place in whole], self._written(heard.only(whole)), strict=True))
        return [found[i] for i in range(len(rows))]

    def _written(self, heard: _Heard) -> list[Hypothesis]:
        """Each row's text, with whatever else it asks for."""
        best = self._with_english(heard, self._retried(heard, self._first(heard)))
        return [self._worded(heard, place, one) for place, one in enumerate(best)]

    def _first(self, heard: _Heard) -> list[Hypothesis]:
        """What each row says at temperature 0, unless it is known."""
        new = [i for i, row in enumerate(heard.rows) if row.first is None]
        decoded = dict(zip(new, self._decoded(heard.only(new)) if new else [], strict=True))
        return [row.first or decoded[i] for i, row in enumerate(heard.rows)]

    def _retried(self, heard: _Heard, first: list[Hypothesis]) -> list[Hypothesis]:
        """The same, and where it looks wrong the best of it and what higher temperatures give. They are sampled side by
        side, which takes no longer than one of them, and stop as soon as one will do."""
        wrong = [i for i, one in enumerate(first) if heard.rows[i].options.fallback and fallback.looks_wrong(one)]
        if not wrong:
            return first
        again = heard.only(wrong)

        def better(at: int, texts: Sequence[Decoded | None]) -> Hypothesis:
            ready = itertools.takewhile(lambda one: one is not None, texts)
            tried = zip(fallback.HIGHER_TEMPERATURES, ready, strict=False)
            found = [self._hypothesis(again, at, one, heat) for heat, one in tried if one and not one.given_up]
            return fallback.chosen(first[wrong[at]], found)

        plans = [fallback.plan(plan) for plan in self._plans(again)]
        silence = self._vocabulary.no_speech
        texts = self._steps.decoded(
            again.attended, plans, silence, lambda at, ready: not fallback.looks_wrong(better(at, ready))
        )
        found = {i: better(at, texts[at]) for at, i in enumerate(wrong)}
        return [found.get(i, one) for i, one in enumerate(first)]

    def _listened(self, rows: list[Row], seconds: float) -> _Heard:
        """Encode once, whatever is then asked of it, and find out who speaks what."""
        attended = self._whisper.listened(self._whisper.encode(self._mel([row.audio for row in rows], seconds)))
        languages = [_told(row) or Guess("en", 1.0) for row in rows]
        unknown = [i for i, row in enumerate(rows) if _told(row) is None]
        if unknown and len(self._vocabulary.languages) > 1:
            heard = _Heard(attended, rows, languages).only(unknown)
            for i, language in zip(unknown, self._detector.languages(heard.rows, heard.attended), strict=True):
                languages[i] = language
        return _Heard(attended, rows, languages)

    def _decoded(self, heard: _Heard) -> list[Hypothesis]:
        """At temperature 0, with the beams that each row asks for."""
        texts = self._steps.decoded(heard.attended, self._plans(heard), self._vocabulary.no_speech)
        return [self._hypothesis(heard, i, one, 0.0) for i, (one,) in enumerate(texts)]

    def _plans(self, heard: _Heard) -> list[Plan]:
        together = zip(heard.rows, heard.languages, strict=True)
        return [self._vocabulary.plan(row.options, language.code) for row, language in together]

    def _with_english(self, heard: _Heard, best: list[Hypothesis]) -> list[Hypothesis]:
        """The same, with the English of the texts whose rows ask for it. The encoder does not run again."""
        places = [i for i, one in enumerate(best) if wanted(heard.rows[i], one, self.capabilities)]
        if not places:
            return best
        asked = heard.only(places)
        found = self._decoded(replace(asked, rows=[translating(row) for row in asked.rows]))
        told = dict(zip(places, map(believed, found), strict=True))
        return [replace(one, english=told.get(i, "")) for i, one in enumerate(best)]

    def _hypothesis(self, heard: _Heard, place: int, one: Decoded, temperature: float) -> Hypothesis:
        row, guess = heard.rows[place], heard.languages[place]
        language = guess.code
        text, decode = self._vocabulary.text(one.tokens, language), self._vocabulary.tokenizer(language).decode
        return Hypothesis(
            text=text,
            language=language,
            avg_logprob=one.avg_logprob,
            no_speech_prob=one.no_speech_prob,
            compression_ratio=compression_ratio(text),
            temperature=temperature,
            segments=segments(one.tokens, self.rules.first_stamp, decode, len(row.audio) / SAMPLE_RATE),
            tokens=one.tokens,
            language_probability=guess.probability,
        )

    def _worded(self, heard: _Heard, place: int, one: Hypothesis) -> Hypothesis:
        """With the time of each word, where they are asked for."""
        row = heard.rows[place]
        if not row.options.words:
            return one
        attended = heard.only([place]).attended
        seconds = len(row.audio) / SAMPLE_RATE
        said = (one.tokens, one.language, row.options.task, seconds)
        return replace(one, words=words.timed(self._whisper, self._vocabulary, self._heads, attended, *said))


def _told(row: Row) -> Guess | None:
    """The row's language, where the caller named it or it was found before."""
    if row.options.language:
        return Guess(row.options.language, 1.0)
    return Guess(row.first.language, row.first.language_probability) if row.first else None


def _rows(model: Model, window: str) -> int:
    """How many rows this device decodes together: on a GPU as many as there is memory for, `GPU_BATCH` at most. Most of
    a row is what cross-attention reads: as it comes, where the captured steps read it (for each length of a window
    apart), and once more for the rows that are tried again."""
    if model.device.type != "cuda":
        return CPU_BATCH
    free, _ = torch.cuda.mem_get_info(model.device)
    copies = 3 if window == "padded" else 2 + sum(encoder_window.BUCKETS) / encoder_window.PADDED
    return max(
        1, min(GPU_BATCH, int(GPU_SHARE * free / (copies * model.bytes_heard + MOST_BEAMS * model.bytes_written)))
    )
