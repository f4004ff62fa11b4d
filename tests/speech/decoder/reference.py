"""openai-whisper's own `decode`, a row at a time, and where a text differs from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from whisper.decoding import BeamSearchDecoder, DecodingOptions, DecodingResult, DecodingTask

from bench.shapes import SHAPES
from speech.decoder.loop import Decoded
from speech.engines import Audio, Options

TIE = 1e-3  # two logits so near each other are one to rounding
TIE_OF_SUMS = 1e-4  # and two sums of log-probabilities, of which a search compares many

ENGLISH_ALONE = {"tiny.en": (80, 384, 6, 4, 51_864, 4)}


def random_weights(path: Path, shape: str) -> Path:
    """A checkpoint of a real shape that knows nothing, always the same. Its weights are as torch begins them: those of
    `bench.shapes` are so small that the likeliest tokens are often equally likely."""
    bands, width, heads, listening, vocabulary, writing = {**SHAPES, **ENGLISH_ALONE}[shape]
    dims = whisper.ModelDimensions(
        n_mels=bands, n_audio_ctx=1500, n_audio_state=width, n_audio_head=heads, n_audio_layer=listening,
        n_vocab=vocabulary, n_text_ctx=448, n_text_state=width, n_text_head=heads, n_text_layer=writing,
    )  # fmt: skip
    torch.manual_seed(len(shape))
    model = whisper.model.Whisper(dims)
    with torch.no_grad():
        model.decoder.positional_embedding.normal_(std=0.05)  # left as it lies in memory otherwise
    torch.save({"dims": asdict(dims), "model_state_dict": model.state_dict()}, path)
    return path


@dataclass(frozen=True)
class Clip:
    """A clip and how it is to be heard."""

    audio: Audio
    options: Options


class Reference:
    """openai-whisper with the same checkpoint, in single precision, alone with each clip."""

    def __init__(self, path: Path) -> None:
        self.model: Any = whisper.load_model(str(path), device="cpu")

    def mel(self, audio: Audio) -> torch.Tensor:
        padded = whisper.pad_or_trim(audio)
        found: torch.Tensor = whisper.log_mel_spectrogram(padded, self.model.dims.n_mels)
        return found

    def options(self, options: Options) -> DecodingOptions:
        return DecodingOptions(
            task=options.task,
            language=options.language,
            prompt=options.prompt,
            sample_len=options.max_tokens,
            beam_size=options.beam if options.beam != 1 else None,
            without_timestamps=not options.timestamps,
            fp16=False,
        )

    def decode(self, clip: Clip) -> DecodingResult:
        found: DecodingResult = whisper.decode(self.model, self.mel(clip.audio), self.options(clip.options))
        return found

    @torch.no_grad()
    def is_tie(self, clip: Clip, found: DecodingResult, place: int) -> bool:
        """Whether the reference's two best logits for the token at `place` are one to rounding; with a beam, whether
        any of the decisions of its search was as near."""
        if (clip.options.beam or 1) > 1:
            return self.least_gap(clip) < TIE_OF_SUMS
        task = DecodingTask(self.model, self.options(clip.options))
        given = list(task.initial_tokens)
        if clip.options.language is None and self.model.is_multilingual:
            given[task.sot_index + 1] = task.tokenizer.to_language_token(found.language)
        tokens = torch.tensor([[*given, *found.tokens[:place]]])
        logits = self.model.logits(tokens, found.audio_features[None])[:, -1]
        for rule in task.logit_filters:
            rule.apply(logits, tokens)
        first, second = logits[0].topk(2).values.tolist()
        return bool(first - second < TIE)

    def least_gap(self, clip: Clip) -> float:
        """How near the nearest decision of the reference's beam search was."""
        task = DecodingTask(self.model, self.options(clip.options))
        search = _Watched(task.options.beam_size, task.tokenizer.eot, task.inference, task.options.patience)
        task.decoder = search
        task.run(self.mel(clip.audio)[None])
        return search.least


class _Watched(BeamSearchDecoder):
    """The search, and how near its decisions are: who goes on, which text ends in time, which of them is the best."""

    least = float("inf")

    def update(self, tokens, logits, sum_logprobs):
        likely = logits.float().log_softmax(dim=-1)
        scores = {}
        for row, prefix in enumerate(tokens.tolist()):
            for one, token in zip(*(part.tolist() for part in likely[row].topk(self.beam_size + 1)), strict=True):
                scores[(*prefix, token)] = sum_logprobs[row].item() + one
        ranked = sorted(scores.items(), key=lambda item: item[1], reverse=True)
        going = [place for place, (text, _) in enumerate(ranked) if text[-1] != self.eot]
        last = going[self.beam_size - 1]
        before_ends = last > 0 and ranked[last - 1][0][-1] == self.eot
        for higher, lower in ([(last - 1, last)] if before_ends else []) + [(last, last + 1)]:
            if lower < len(ranked):
                self.least = min(self.least, ranked[higher][1] - ranked[lower][1])
        return super().update(tokens, logits, sum_logprobs)

    def finalize(self, preceding_tokens, sum_logprobs):
        tokens, sums = super().finalize(preceding_tokens, sum_logprobs)
        begun = self.inference.initial_token_length
        each = sorted(
            (total / (text.tolist()[begun:].index(self.eot)) for text, total in zip(tokens[0], sums[0], strict=True)),
            reverse=True,
        )
        if len(each) > 1:
            self.least = min(self.least, each[0] - each[1])
        return tokens, sums


def differences(reference: Reference, clips: Sequence[Clip], heard: Iterable[Decoded | Any]) -> tuple[int, list[str]]:
    """How many tokens were compared, and a line for each clip whose text is not the reference's; ends at ties, which
    are printed."""
    compared, wrong = 0, list[str]()
    for number, (clip, one) in enumerate(zip(clips, heard, strict=True)):
        wanted = reference.decode(clip)
        ours, theirs = list(one.tokens), wanted.tokens
        compared += len(theirs) + 1
        if ours == theirs:
            np.testing.assert_allclose(one.avg_logprob, wanted.avg_logprob, atol=2e-3)
            np.testing.assert_allclose(one.no_speech_prob, wanted.no_speech_prob, atol=1e-3)
            continue
        place = next(
            (i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
        )
        if reference.is_tie(clip, wanted, place):
            print(f"clip {number}: a tie at token {place}")
            wrong.append("tie")
        else:
            wrong.append(f"clip {number} {clip.options}: token {place}: {ours[place:][:3]} not {theirs[place:][:3]}")
    return compared, wrong
