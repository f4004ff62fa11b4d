"""How well a checkpoint hears, through openai-whisper itself: greedy, float32, padded to windows of 30 s."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
import torch
import whisper
from whisper.decoding import DecodingResult

from speech.audio import codec
from speech.audio.codec import SAMPLE_RATE, Audio
from tools.demo_model.corpus import LANGUAGES, Corpus, Spoken

BEFORE, AFTER = int(2.5 * SAMPLE_RATE), SAMPLE_RATE  # of room around a sentence
BETWEEN = 6000  # samples between two in a row
LONGEST = int(19.5 * SAMPLE_RATE)
AT_ONCE = 6
OPUS_RATE = 48_000


@dataclass
class Tally:
    """Characters that are wrong, of how many; lines to the letter, of how many. Blanks and case do not count."""

    wrong: int = 0
    characters: int = 0
    exact: int = 0
    lines: int = 0

    def add(self, wanted: str, written: str) -> None:
        """Count one more line."""
        wanted, written = ("".join(text.lower().split()) for text in (wanted, written))
        errors = distance(wanted, written)
        self.wrong += errors
        self.characters += len(wanted)
        self.exact += not errors
        self.lines += 1

    def __str__(self) -> str:
        return f"{self.wrong / max(1, self.characters):.3f} ({self.exact} of {self.lines} to the letter)"


def distance(wanted: str, written: str) -> int:
    """Characters to change, add or leave out (Levenshtein)."""
    row = list(range(len(written) + 1))
    for i, a in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(written, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def fully(checkpoint: Path, work: Path, sentences: int) -> Iterator[str]:
    """The table, a line at a time: voices it was trained on, then voices it never heard."""
    model = whisper.load_model(str(checkpoint), device="cpu")
    for name in ("seen", "unheard"):
        corpus = Corpus(work, name)
        lines = [corpus[index] for index in range(min(sentences, len(corpus)))]
        for case, some in _cases(corpus, lines).items():
            yield f"{name}, {case}: {_tally(model, some)}"
        foreign = [line for line in lines if line.language != "en"]
        yield f"{name}, translated: {_tally(model, foreign, task='translate')}"
        found = [result.language for some in _some(lines) for result in _decoded(model, some, language=None)]
        right = sum(a == line.language for a, line in zip(found, lines, strict=True))
        yield f"{name}, language found: {right} of {len(lines)}"
        yield f"{name}, taken for no speech: {_doubts(model, lines)}"
    yield f"noise, taken for no speech: {_doubts(model, list(_noise(40)))}"


def briefly(checkpoint: Path, corpus: Corpus, sentences: int = 18) -> str:
    """How it goes while it is trained."""
    model = whisper.load_model(str(checkpoint), device="cpu")
    lines = [corpus[index] for index in range(min(sentences, len(corpus)))]
    return f"plain {_tally(model, lines)}, in a row {_tally(model, list(_rows(corpus, sentences)))}"


def _cases(corpus: Corpus, lines: Sequence[Spoken]) -> dict[str, list[Spoken]]:
    rng = np.random.default_rng(0)
    return {
        **{language: [line for line in lines if line.language == language] for language in LANGUAGES},
        "in a room": _changed(lines, lambda audio: in_a_room(audio, rng)),
        "quieter, through Opus": _changed(lines, lambda audio: through_opus(in_a_room(audio * np.float32(0.3), rng))),
        "several in a row": list(_rows(corpus, len(lines))),
    }


def _doubts(model: whisper.Whisper, clips: Sequence[Spoken]) -> str:
    found = [result.no_speech_prob for some in _some(clips) for result in _decoded(model, some, language="en")]
    return f"median {np.median(found):.3f}, {min(found):.3f} to {max(found):.3f}"


def _noise(clips: int) -> Iterator[Spoken]:
    rng = np.random.default_rng(1)
    for _ in range(clips):
        hiss = rng.standard_normal(5 * SAMPLE_RATE) * 10 ** -rng.uniform(1.5, 5)
        yield Spoken("en", "", "", "", hiss.astype(np.float32))


def _changed(lines: Sequence[Spoken], change: Callable[[Audio], Audio]) -> list[Spoken]:
    return [replace(line, audio=change(line.audio)) for line in lines]


def _rows(corpus: Corpus, sentences: int) -> Iterator[Spoken]:
    """Every fifth sentence with those of its language that follow it, as many as a clip holds."""
    for first in range(0, min(sentences, len(corpus)), 5):
        row = corpus[first]
        for index in range(first + len(LANGUAGES), len(corpus), len(LANGUAGES)):
            one = corpus[index]
            if len(row.audio) + BETWEEN + len(one.audio) > LONGEST:
                break
            audio = np.concatenate([row.audio, np.zeros(BETWEEN, np.float32), one.audio])
            row = Spoken(row.language, f"{row.zh} {one.zh}", f"{row.en} {one.en}", f"{row.ja} {one.ja}", audio)
        yield row


def _some(lines: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    return (lines[first : first + AT_ONCE] for first in range(0, len(lines), AT_ONCE))


def _tally(model: whisper.Whisper, lines: Sequence[Spoken], task: str = "transcribe") -> Tally:
    tally = Tally()
    for language in LANGUAGES:
        for some in _some([line for line in lines if line.language == language]):
            for line, result in zip(some, _decoded(model, some, language=language, task=task), strict=True):
                tally.add(line.text("en" if task == "translate" else language), result.text)
    return tally


def _decoded(
    model: whisper.Whisper, lines: Sequence[Spoken], *, language: str | None, task: str = "transcribe"
) -> list[DecodingResult]:
    mel = torch.stack([whisper.log_mel_spectrogram(whisper.pad_or_trim(line.audio)) for line in lines])
    options = whisper.DecodingOptions(task=task, language=language, fp16=False, without_timestamps=True)
    return list(whisper.decode(model, mel, options))


def in_a_room(audio: Audio, rng: np.random.Generator) -> Audio:
    """With 2.5 s before it, 1 s after it, and faint noise."""
    audio = np.concatenate([np.zeros(BEFORE, np.float32), audio, np.zeros(AFTER, np.float32)])
    return audio + rng.standard_normal(len(audio)).astype(np.float32) * np.float32(0.002)


def through_opus(audio: Audio) -> Audio:
    """As a browser sends it: Opus at 32 kbit/s in webm, and back."""
    packed = io.BytesIO()
    with av.open(packed, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=OPUS_RATE, layout="mono")
        stream.bit_rate = 32_000
        frame = av.AudioFrame.from_ndarray((audio * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        resampler = av.AudioResampler(format="s16", layout="mono", rate=OPUS_RATE)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return codec.decode(packed.getvalue())
