"""openai-whisper's model and decoding rules, on batches of padded 30 s windows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from whisper.audio import N_FRAMES, N_SAMPLES
from whisper.decoding import DecodingOptions, DecodingResult
from whisper.tokenizer import LANGUAGES, get_tokenizer

from speech.engines import Audio, Capabilities, EngineError, Hypothesis, Options, Outcome, Row, Segment, refusal

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MAX_COMPRESSION_RATIO = 2.4  # whisper.transcribe's own limits
MIN_LOGPROB = -1.0
MAX_NO_SPEECH = 0.6
SECONDS_A_STAMP = 0.02
TRANSLATING = {"demo", "tiny", "base", "small", "medium", "large-v1", "large-v2", "large-v3", "large"}
DEMO_LANGUAGES = ("en", "ja", "zh")


class WhisperEngine:
    """A loaded Whisper model. One thread at a time."""

    name = "whisper"

    def __init__(self, path: Path, *, model: str, demo: bool, device: str, dtype: str) -> None:
        self.model, self.demo, self.device = model, demo, device
        self._whisper: Any = whisper.load_model(str(path), device=device).eval()
        self._encoder_dtype = getattr(torch, dtype)
        # whisper.decode knows half and single precision; bfloat16 serves in the encoder alone
        self._decoder_dtype = torch.float16 if dtype == "float16" else torch.float32
        self.capabilities = Capabilities(
            languages=self._languages(),
            translates=self._whisper.is_multilingual and (model in TRANSLATING or model.endswith(".pt")),
            batch=32 if device.startswith("cuda") else 4,  # a CPU encodes no faster together, only decodes
        )

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        outcomes: list[Outcome | None] = [refusal(row, self.capabilities) for row in rows]
        for options in dict.fromkeys(row.options for row in rows):
            places = [i for i, row in enumerate(rows) if row.options == options and outcomes[i] is None]
            if places:
                heard = self._transcribed([rows[i].audio for i in places], options)
                for i, hypothesis in zip(places, heard, strict=True):
                    outcomes[i] = hypothesis
        return [outcome for outcome in outcomes if outcome is not None]

    def _transcribed(self, clips: Sequence[Audio], options: Options) -> list[Hypothesis]:
        try:
            with torch.inference_mode():
                features = self._encoded(clips)
                languages = self._spoken(features, options)
                return self._heard(features, languages, options, [len(c) / 16_000 for c in clips])
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise EngineError("out of memory", retryable=True) from error
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError(f"{type(error).__name__} in the model", retryable=False) from error

    def _languages(self) -> tuple[str, ...]:
        if self.demo:
            return DEMO_LANGUAGES
        if not self._whisper.is_multilingual:
            return ("en",)
        return tuple(sorted(list(LANGUAGES)[: self._whisper.num_languages]))

    def _encoded(self, clips: Sequence[Audio]) -> torch.Tensor:
        """Encoder output (clips, 1500, width). The mel is taken a clip at a time: its maximum is its own."""
        mels = [self._mel(clip) for clip in clips]
        features: torch.Tensor = self._whisper.encoder(torch.stack(mels).to(self._encoder_dtype))
        return features.to(self._decoder_dtype)

    def _mel(self, clip: Audio) -> torch.Tensor:
        padded = whisper.pad_or_trim(np.ascontiguousarray(clip, np.float32), N_SAMPLES)
        mel: torch.Tensor = whisper.log_mel_spectrogram(
            torch.from_numpy(padded), self._whisper.dims.n_mels, device=self.device
        )
        return mel[:, :N_FRAMES]

    def _spoken(self, features: torch.Tensor, options: Options) -> list[str]:
        """The language of each row: the one asked for, or the likeliest of those allowed."""
        if options.language or not self._whisper.is_multilingual:
            return [options.language or "en"] * len(features)
        allowed = set(options.languages or self.capabilities.languages) & set(self.capabilities.languages)
        _, probabilities = whisper.decoding.detect_language(self._whisper, features)
        return [max(allowed or row.keys(), key=lambda code, row=row: row[code]) for row in probabilities]

    def _heard(
        self, features: torch.Tensor, languages: list[str], options: Options, lengths: list[float]
    ) -> list[Hypothesis]:
        heard: list[Hypothesis | None] = [None] * len(languages)
        for language in dict.fromkeys(languages):
            rows = [i for i, spoken in enumerate(languages) if spoken == language]
            for i, result in zip(rows, self._decoded(features[rows], language, options), strict=True):
                heard[i] = self._hypothesis(result, lengths[i])
        return [hypothesis for hypothesis in heard if hypothesis is not None]

    def _decoded(self, features: torch.Tensor, language: str, options: Options) -> list[DecodingResult]:
        """Greedy first; rows that look wrong again at higher temperatures, on the same encoder output."""
        best = self._pass(features, language, options, TEMPERATURES[0])
        if not options.fallback:
            return best
        for temperature in TEMPERATURES[1:]:
            wrong = [i for i, result in enumerate(best) if looks_wrong(result)]
            if not wrong:
                break
            torch.manual_seed(round(temperature * 10))  # the same clip gives the same text
            for i, other in zip(wrong, self._pass(features[wrong], language, options, temperature), strict=True):
                best[i] = max(best[i], other, key=_merit)
        return best

    def _pass(
        self, features: torch.Tensor, language: str, options: Options, temperature: float
    ) -> list[DecodingResult]:
        wanted = DecodingOptions(
            task=options.task,
            language=language,
            temperature=temperature,
            prompt=options.prompt or None,
            without_timestamps=not options.timestamps,
            fp16=self._decoder_dtype == torch.float16,
        )
        results: list[DecodingResult] = whisper.decode(self._whisper, features, wanted)
        return results

    def _hypothesis(self, result: DecodingResult, seconds: float) -> Hypothesis:
        return Hypothesis(
            text=result.text.strip(),
            language=result.language,
            avg_logprob=float(result.avg_logprob),
            no_speech_prob=float(result.no_speech_prob),
            compression_ratio=float(result.compression_ratio),
            temperature=float(result.temperature),
            segments=self._segments(result, seconds),
        )

    def _segments(self, result: DecodingResult, seconds: float) -> tuple[Segment, ...]:
        """Text between the time stamps in the tokens; without any, the whole clip is one segment."""
        tokenizer = get_tokenizer(
            self._whisper.is_multilingual,
            num_languages=self._whisper.num_languages,
            language=result.language,
        )
        found: list[Segment] = []
        start, words = 0.0, list[int]()
        for token in [*result.tokens, tokenizer.timestamp_begin + round(seconds / SECONDS_A_STAMP)]:
            if token < tokenizer.timestamp_begin:
                words.append(token)
                continue
            at = min(seconds, (token - tokenizer.timestamp_begin) * SECONDS_A_STAMP)
            text = tokenizer.decode(words).strip()
            if text:
                found.append(Segment(round(start, 3), round(max(start, at), 3), text))
            start, words = at, []
        return tuple(found)


def looks_wrong(result: DecodingResult) -> bool:
    """whisper.transcribe's rule for trying a higher temperature: repeats itself, or is unsure of speech."""
    if result.compression_ratio > MAX_COMPRESSION_RATIO:
        return True
    unsure = bool(result.avg_logprob < MIN_LOGPROB)
    return unsure and not result.no_speech_prob > MAX_NO_SPEECH


def _merit(result: DecodingResult) -> tuple[bool, float]:
    return (not result.compression_ratio > MAX_COMPRESSION_RATIO, float(result.avg_logprob))
