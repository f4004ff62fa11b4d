"""faster-whisper's model on CTranslate2, on batches: its features, its tokenizer and its search, under our rules.

The package's own batching has one language, prompt and length for all rows, and fills short clips up with what is no
silence, so the network below it is called directly: greedy text is openai-whisper's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ctranslate2
import faster_whisper
import numpy as np
import numpy.typing as npt
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio, get_suppressed_tokens, merge_punctuations

from speech import language_evidence
from speech.engines import SAMPLE_RATE, Audio, Capabilities, EngineError, Hypothesis, Outcome, Row, Word, lost, refusal
from speech.engines.encoder_window import seconds
from speech.engines.english import believed, translating, wanted
from speech.engines.fallback import HIGHER_TEMPERATURES, looks_wrong, merit
from speech.engines.model_names import DEMO_LANGUAGES, translates
from speech.engines.timestamps import segments

FRAMES_A_SECOND = 100  # of the spectrogram
SETTLED = 480  # samples of silence after which the spectrogram is nothing but silence
OPENING = "\"'“¿([{-「『（《"  # punctuation that belongs to the next word, and to the one before
CLOSING = "\"'.。,，!！?？:：”)]}、」』）》"
LONGEST_WORD_SECONDS = 2.0  # a word takes no pause along; nobody says one for longer


@dataclass(frozen=True)
class _Kind:
    """What rows must have in common to be decoded by one call."""

    window: float  # seconds
    earlier: int  # tokens before the start of the text: the prompt
    timestamps: bool
    cap: int  # tokens written at most
    beam: int


@dataclass(frozen=True)
class _Heard:
    """Rows after the encoder, and each one's language."""

    encoded: Any  # ctranslate2.StorageView (rows, moments, width)
    rows: list[Row]
    languages: list[str]

    def only(self, places: list[int]) -> _Heard:
        """Some of them. The package cannot take rows out of what it has encoded; numpy can."""
        if places == list(range(len(self.rows))):
            return self
        here = self.encoded.to(ctranslate2.DataType.float32).to_device(ctranslate2.Device.cpu)
        kept = _stored(np.array(here)[places])
        return _Heard(kept, [self.rows[i] for i in places], [self.languages[i] for i in places])


class FasterWhisperEngine:
    """A loaded CTranslate2 model. One thread at a time."""

    name = "faster-whisper"

    def __init__(
        self,
        folder: Path,
        *,
        model: str,
        demo: bool,
        device: str,
        dtype: str,
        threads: int = 0,
        window: str = "padded",
    ) -> None:
        """`folder`: a CTranslate2 model with its tokenizer.json. `dtype`: a compute type of CTranslate2's that this
        device supports. `threads`: 0 leaves it to OMP_NUM_THREADS. Raises `RuntimeError` for a folder of another
        kind."""
        self.model, self.demo, self.device = model, demo, device
        self._window = window
        kind, _, index = device.partition(":")
        self._loaded: Any = faster_whisper.WhisperModel(
            str(folder), device=kind, device_index=int(index or 0), compute_type=dtype, cpu_threads=threads
        )
        self._network: Any = self._loaded.model
        self._multilingual = bool(self._network.is_multilingual)
        self._suppressed = list(get_suppressed_tokens(self._tokenizer("en", "transcribe"), [-1]))
        self.capabilities = Capabilities(
            languages=DEMO_LANGUAGES if demo else self._languages(),
            translates=self._multilingual and translates(model),
            words=True,
            batch=32 if kind == "cuda" else 8,
        )

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        outcomes: list[Outcome | None] = [refusal(row, self.capabilities) for row in rows]
        kinds = {i: self._kind(rows[i]) for i, outcome in enumerate(outcomes) if outcome is None}
        for kind in dict.fromkeys(kinds.values()):
            places = [i for i, other in kinds.items() if other == kind]
            for i, outcome in zip(places, self._halving([rows[i] for i in places], kind), strict=True):
                outcomes[i] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _languages(self) -> tuple[str, ...]:
        """Those that the vocabulary has a token for."""
        if not self._multilingual:
            return ("en",)
        known = self._loaded.hf_tokenizer.token_to_id
        return tuple(sorted(code for code in self._loaded.supported_languages if known(f"<|{code}|>") is not None))

    def _tokenizer(self, language: str, task: str) -> Tokenizer:
        return Tokenizer(self._loaded.hf_tokenizer, self._multilingual, task=task, language=language)

    def _kind(self, row: Row) -> _Kind:
        options = row.options
        half = self._loaded.max_length // 2
        earlier = len(self._prompt(row, "en")) - len(
            self._prompt(replace(row, options=replace(options, prompt=None)), "en")
        )
        return _Kind(
            seconds(row, self._window),
            earlier,
            options.timestamps,
            min(half, options.max_tokens or half),
            options.beam or 1,
        )

    def _prompt(self, row: Row, language: str) -> list[int]:
        """The tokens that a row's text goes on from."""
        tokenizer = self._tokenizer(language, row.options.task)
        earlier = tokenizer.encode(" " + row.options.prompt.strip()) if row.options.prompt else []
        given: list[int] = self._loaded.get_prompt(tokenizer, earlier, without_timestamps=not row.options.timestamps)
        return given

    def _halving(self, rows: list[Row], kind: _Kind) -> list[Outcome]:
        """What was heard in these rows; where that fails, in one half of them and then in the other: memory may do for
        fewer, and of a row that cannot be heard the others need not know."""
        try:
            return self._transcribed(rows, kind)
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            if len(rows) == 1 or _is_of_device(error):
                return [_failure(error)] * len(rows)
        half = len(rows) // 2
        return self._halving(rows[:half], kind) + self._halving(rows[half:], kind)

    def _transcribed(self, rows: list[Row], kind: _Kind) -> list[Outcome]:
        heard = self._listened(rows, kind.window)
        best = self._first(heard, kind)
        for temperature in HIGHER_TEMPERATURES:
            wrong = [i for i, one in enumerate(best) if rows[i].options.fallback and looks_wrong(one)]
            if not wrong:
                break
            for i, other in zip(wrong, self._decoded(heard.only(wrong), kind, temperature), strict=True):
                best[i] = max(best[i], other, key=merit)
        best = self._with_english(heard, kind, best)
        return [self._worded(heard, i, one) if rows[i].options.words else one for i, one in enumerate(best)]

    def _first(self, heard: _Heard, kind: _Kind) -> list[Hypothesis]:
        """What each row says at temperature 0, unless it is known."""
        new = [i for i, row in enumerate(heard.rows) if row.first is None]
        decoded = dict(zip(new, self._decoded(heard.only(new), kind, 0.0) if new else [], strict=True))
        return [row.first or decoded[i] for i, row in enumerate(heard.rows)]

    def _listened(self, rows: list[Row], window: float) -> _Heard:
        """Encode once, whatever is then asked of it, and find out who speaks what."""
        encoded = self._network.encode(_stored(np.stack([self._features(row.audio, window) for row in rows])))
        known = [row.options.language or (row.first.language if row.first else None) for row in rows]
        languages = [language or "en" for language in known]
        if self._multilingual and None in known:
            for i, guesses in enumerate(self._network.detect_language(encoded)):
                languages[i] = known[i] or self._likeliest(guesses, rows[i])
        return _Heard(encoded, rows, languages)

    def _likeliest(self, guesses: list[tuple[str, float]], row: Row) -> str:
        """Of `guesses`, the allowed language that is likeliest beside the speaker's last lines."""
        can = set(self.capabilities.languages)
        allowed = can & set(row.options.languages or can)
        likely = {token.strip("<|>"): chance for token, chance in guesses}
        spoken = language_evidence.languages(row)
        return max(
            (code for code in likely if code in allowed),
            key=lambda code: likely[code] * language_evidence.weight(code, spoken),
        )

    def _features(self, audio: Audio, window: float) -> npt.NDArray[np.float32]:
        """The spectrogram (mels, frames) of a clip with silence up to the window's end."""
        found = self._loaded.feature_extractor(np.ascontiguousarray(audio), padding=SETTLED)
        frames = round(window * FRAMES_A_SECOND)
        # its floor is 8 below its highest value in powers of ten, scaled by 4: what silence is drawn as beside it
        filled = np.full((found.shape[0], frames), max(-1.5, float(found.max()) - 2.0), np.float32)
        filled[:, : found.shape[1]] = found[:, :frames]
        return filled

    def _decoded(self, heard: _Heard, kind: _Kind, temperature: float) -> list[Hypothesis]:
        prompts = [self._prompt(row, code) for row, code in zip(heard.rows, heard.languages, strict=True)]
        sampling = {"sampling_topk": 0, "sampling_temperature": temperature} if temperature else {}
        beam = 1 if temperature else kind.beam
        results = self._network.generate(
            heard.encoded,
            prompts,
            beam_size=beam,
            length_penalty=float(beam > 1),  # a search compares what a token has; greedy scores are sums
            # CTranslate2 stops at half of this too, wherever the text begins
            max_length=min(self._loaded.max_length, max(2 * kind.cap, kind.cap + len(prompts[0]) - 1)),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
            **sampling,
        )
        return [
            self._hypothesis(result, row, language, temperature, searched=beam > 1)
            for result, row, language in zip(results, heard.rows, heard.languages, strict=True)
        ]

    def _with_english(self, heard: _Heard, kind: _Kind, best: list[Hypothesis]) -> list[Hypothesis]:
        """The same, with the English of the texts whose rows ask for it. The encoder does not run again."""
        places = [i for i, one in enumerate(best) if wanted(heard.rows[i], one, self.capabilities)]
        if not places:
            return best
        asked = heard.only(places)
        asked = replace(asked, rows=[translating(row) for row in asked.rows])
        found = self._decoded(asked, replace(kind, earlier=0, timestamps=False), 0.0)
        told = dict(zip(places, map(believed, found), strict=True))
        return [replace(one, english=told.get(i, "")) for i, one in enumerate(best)]

    def _hypothesis(self, result: Any, row: Row, language: str, temperature: float, *, searched: bool) -> Hypothesis:
        tokenizer = self._tokenizer(language, row.options.task)
        tokens = tuple(result.sequences_ids[0])
        text = tokenizer.decode(list(tokens)).strip()
        return Hypothesis(
            text=text,
            language=language,
            avg_logprob=float(result.scores[0]) * (len(tokens) if searched else 1) / (len(tokens) + 1),
            no_speech_prob=float(result.no_speech_prob),
            compression_ratio=float(get_compression_ratio(text)),
            temperature=temperature,
            segments=segments(tokens, tokenizer.timestamp_begin, tokenizer.decode, len(row.audio) / SAMPLE_RATE),
            tokens=tokens,
        )

    def _worded(self, heard: _Heard, place: int, one: Hypothesis) -> Outcome:
        """With the time of each word, from the weights of cross-attention; the encoder does not run again."""
        row = heard.rows[place]
        tokenizer = self._tokenizer(one.language, row.options.task)
        written = [token for token in one.tokens if token < tokenizer.eot]
        length = len(row.audio) / SAMPLE_RATE
        frames = max(2, round(length * FRAMES_A_SECOND))
        try:
            [found] = self._loaded.find_alignment(tokenizer, [written], heard.only([place]).encoded, [frames])
        except (RuntimeError, ValueError, IndexError) as error:
            return _failure(error)  # this row's alone
        merge_punctuations(found, OPENING, CLOSING)
        return replace(one, words=tuple(_word(word, length) for word in found if word["word"]))


def _word(found: dict[str, Any], length: float) -> Word:
    """As the package tells it, within a clip of so many seconds."""
    start = min(float(found["start"]), length)
    end = min(max(start, float(found["end"])), start + LONGEST_WORD_SECONDS, length)
    return Word(round(start, 3), round(end, 3), found["word"], float(found["probability"]))


def _stored(array: npt.NDArray[np.float32]) -> Any:
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(array, np.float32))


def _is_of_device(error: Exception) -> bool:
    """Whether the device failed, and not for want of memory: it does so whatever it is given."""
    return "cuda" in str(error).lower() and not lost(error).retryable


def _failure(error: Exception) -> EngineError:
    """A device's failure may be over the next time; a clip that the network cannot take stays one."""
    if _is_of_device(error):
        return EngineError(f"{type(error).__name__} of the device", retryable=True)
    return lost(error)
