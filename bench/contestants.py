"""The engines that are measured, each as it is used: ours by its interface, the peers by theirs.

All decode without time stamps, in English, without trying again, greedily or with the same beam. For a fixed number of
tokens the end of the text is barred and the length limited, in each engine by its own means.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bench.clips import LANGUAGE, SAMPLE_RATE, Audio
from bench.task import FASTER, OPENAI, OURS, Task
from speech import loading

Heard = list[tuple[str, int]]  # a clip's text, and how many tokens it has


class Contestant(Protocol):
    """A model in memory."""

    dtype: str

    def hear(self, clips: Sequence[Audio]) -> Heard:
        """What is said in clips of equal length, all in one batch."""
        ...


def loaded(task: Task) -> Contestant:
    """The contestant that `task` names, ready to hear."""
    kinds: dict[str, Any] = {OURS: Ours, OPENAI: OpenAI}
    chosen: Contestant = kinds.get(task.engine, Faster)(task)
    return chosen


class Ours:
    """`speech.engines.whisper`."""

    def __init__(self, task: Task) -> None:
        from speech.engines import Options
        from speech.engines.whisper import WhisperEngine

        _limit_torch()
        self.dtype = loading.chosen_dtype(task.dtype, task.device)
        self._engine: Any = WhisperEngine(
            Path(task.checkpoint), model=task.model, demo=False, device=task.device, dtype=self.dtype
        )
        self._options = Options(
            language=LANGUAGE, fallback=False, max_tokens=task.tokens, window=task.window, beam=task.beam
        )
        if task.tokens:
            self._engine.rules.bar_the_end()

    def hear(self, clips: Sequence[Audio]) -> Heard:
        from speech.engines import EngineError, Row

        heard: Heard = []
        for one in self._engine.transcribe([Row(clip, self._options) for clip in clips]):
            if isinstance(one, EngineError):
                raise one
            heard.append((one.text, len(one.tokens)))
        return heard


class OpenAI:
    """openai-whisper's own model and `whisper.decode`."""

    def __init__(self, task: Task) -> None:
        import whisper
        from whisper.tokenizer import get_tokenizer

        _limit_torch()
        self._device = task.device
        self._model = whisper.load_model(task.checkpoint, device=task.device)
        half = task.device.startswith("cuda")  # what it does by itself there
        self.dtype = "float16" if half else "float32"
        end = get_tokenizer(self._model.is_multilingual).eot
        self._options = whisper.DecodingOptions(
            language=LANGUAGE,
            without_timestamps=True,
            fp16=half,
            suppress_tokens=f"-1,{end}" if task.tokens else "-1",
            sample_len=task.tokens,
            beam_size=task.beam if task.beam > 1 else None,
        )

    def hear(self, clips: Sequence[Audio]) -> Heard:
        import torch
        import whisper

        mels = [
            whisper.log_mel_spectrogram(whisper.pad_or_trim(clip), self._model.dims.n_mels, device=self._device)
            for clip in clips
        ]
        # with a beam it fails at more than one clip: the encoder's output is not repeated for each hypothesis
        batches = [torch.stack(mels)] if self._options.beam_size is None else [mel[None] for mel in mels]
        results = [one for batch in batches for one in whisper.decode(self._model, batch, self._options)]
        return [(result.text, len(result.tokens)) for result in results]


class Faster:
    """faster-whisper's `WhisperModel`, and for several clips its `BatchedInferencePipeline`."""

    TYPES = {"fp32": "float32", "fp16": "float16", "int8": "int8"}  # noqa: RUF012 - never changed

    def __init__(self, task: Task) -> None:
        import faster_whisper

        self.dtype = loading.chosen_compute_type(
            self.TYPES[task.engine.removeprefix(FASTER)], task.device, loading.compute_types(task.device)
        )
        kind, _, index = task.device.partition(":")
        self._model = faster_whisper.WhisperModel(
            task.converted, device=kind, device_index=int(index or 0), compute_type=self.dtype,
            cpu_threads=loading.threads(),
        )  # fmt: skip
        self._batched = faster_whisper.BatchedInferencePipeline(self._model)
        self._options: dict[str, Any] = {"language": LANGUAGE, "beam_size": task.beam, "temperature": [0.0]}
        self._options |= {"without_timestamps": True, "suppress_tokens": [-1]}
        self._options |= {"compression_ratio_threshold": None, "log_prob_threshold": None, "no_speech_threshold": None}
        if task.tokens:
            end = self._model.hf_tokenizer.token_to_id("<|endoftext|>")
            # the package adds the prompt's four tokens to this, and CTranslate2 writes half of the sum, or the sum
            # less three, whichever is less
            length = max(2 * task.tokens, task.tokens + 3)
            self._options |= {"suppress_tokens": [-1, end], "max_new_tokens": length - 4}

    def hear(self, clips: Sequence[Audio]) -> Heard:
        if len(clips) == 1:
            found, _ = self._model.transcribe(clips[0], condition_on_previous_text=False, **self._options)
            segments = list(found)
            return [("".join(one.text for one in segments), sum(len(one.tokens) for one in segments))]
        seconds = len(clips[0]) / SAMPLE_RATE
        found, _ = self._batched.transcribe(
            np.concatenate(clips), batch_size=len(clips), vad_filter=False, **self._options,
            clip_timestamps=[{"start": i * seconds, "end": (i + 1) * seconds} for i in range(len(clips))],
        )  # fmt: skip
        return [(one.text, len(one.tokens)) for one in found]


def _limit_torch() -> None:
    """As many threads as `speech.loading` takes."""
    import torch

    if loading.threads():
        torch.set_num_threads(loading.threads())
