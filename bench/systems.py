"""Speech recognisers that `bin/bench accuracy --index` compares: ours as its callers get it, the peers as called from
Python. Each takes the bytes of a recording."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.task import FASTER, OPENAI, OURS
from speech import config, loading, without_numba
from speech.audio import codec, segmenter, voice_detection
from speech.audio.segmenter import Rules
from speech.models import choice
from speech.server import wire
from speech.server.node import Answer, Node

OURS_LIVE = "ours-live"
FASTER_INT8 = f"{FASTER}int8"
NAMES = (OURS, OURS_LIVE, OPENAI, FASTER_INT8)
DEFAULT_BEAMS = {OPENAI: 1, FASTER_INT8: 5}  # what they search with unless told


@dataclass(frozen=True)
class Gap:
    """A stretch of the recording, in seconds, that is shown as not understood."""

    start: float
    end: float


@dataclass(frozen=True)
class Heard:
    """What a recogniser wrote. `gaps` and `suppressed` (a reason) are how it says that something is missing."""

    text: str
    language: str
    gaps: tuple[Gap, ...] = ()
    suppressed: str = ""


@dataclass(frozen=True)
class Variant:
    """A recogniser and its beam; None: whatever is its default."""

    system: str
    beam: int | None

    @property
    def shown(self) -> str:
        """The beam for people."""
        if self.beam is None:
            return "auto"
        return f"{self.beam} (default)" if self.beam == DEFAULT_BEAMS.get(self.system) else str(self.beam)


# a recording's bytes, its language (None: found out) and the beam (None: the default) to what was heard
Transcribe = Callable[[bytes, str | None, int | None], Heard]


def variants(names: tuple[str, ...], beams: tuple[str, ...]) -> list[Variant]:
    """Every recogniser with every beam once; `default` among the beams is each one's own."""
    found: list[Variant] = []
    for name in names:
        for beam in beams:
            width = DEFAULT_BEAMS.get(name) if beam == "default" else int(beam)
            found.append(Variant(name, width))
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def loaded(names: Sequence[str], settings: config.Config) -> Iterator[dict[str, Transcribe]]:
    """The recognisers by name, all with the same weights in memory. Raises what `loading.load` does."""
    found: dict[str, Transcribe] = {}
    with contextlib.closing(Ours(settings)) as ours:  # always: it chooses the weights, and fetches them
        found |= {OURS: ours.file, OURS_LIVE: ours.live}
        checkpoint = ours.checkpoint()
        if OPENAI in names:
            found[OPENAI] = OpenAI(checkpoint.path, ours.device).transcribe
        if FASTER_INT8 in names:
            from speech.engines.ctranslate2 import model_folder

            folder = model_folder.obtain(checkpoint.path, checkpoint.name, settings.model_dir, said)
            found[FASTER_INT8] = Faster(folder, ours.device).transcribe
        yield {name: found[name] for name in names}


class Ours:
    """The product's own journey, `speech.server.node.Node`: gate, cutting, engine and checks. A file at once, or,
    with `live`, as the room sends it: what is longer than a clip may be is cut first."""

    def __init__(self, settings: config.Config) -> None:
        """Load the model. Raises what `loading.load` does."""
        self._settings = settings
        self._runner = asyncio.Runner()
        self._node = Node(settings, lambda: loading.load(settings, said))
        self._engine = self._runner.run(self._node.start()).engine
        self.device = self._engine.device

    def checkpoint(self) -> choice.LocatedModel:
        """The weights that were loaded, on the disk."""
        settings, known = self._settings, without_numba.whisper()._MODELS
        wanted = self._engine.model if settings.model == "auto" else settings.model
        return choice.locate(wanted, settings.model_dir, known, gpu=self.device.startswith("cuda"))

    def close(self) -> None:
        """End its processes."""
        self._runner.run(self._node.stop())
        self._runner.close()

    def file(self, sound: bytes, language: str | None, beam: int | None) -> Heard:
        """A recording as an upload."""
        return _heard([(0.0, self._answer(sound, "file", language, beam))])

    def live(self, sound: bytes, language: str | None, beam: int | None) -> Heard:
        """A recording as the clips of a speaker in a room."""
        return _heard([(at, self._answer(clip, "final", language, beam)) for at, clip in self._spoken(sound)])

    def _answer(self, sound: bytes, priority: str, language: str | None, beam: int | None) -> Answer:
        request = wire.parse(sound, {"priority": priority, "language": language or ""})
        if beam is not None:
            asked: dict[str, Any] = {"beam": beam}
            request = dataclasses.replace(request, options=dataclasses.replace(request.options, **asked))
        return self._runner.run(self._node.hear(request))

    def _spoken(self, sound: bytes) -> list[tuple[float, bytes]]:
        """The clips of a recording, and where each begins."""
        longest = self._settings.clip_max_seconds
        audio = codec.decode(sound)
        if len(audio) <= longest * codec.SAMPLE_RATE:
            return [(0.0, sound)]
        spans = voice_detection.spans(codec.raised(audio), self._settings.aggressiveness)
        found = segmenter.cut(audio, spans, Rules(longest, self._settings.clip_silence_seconds))
        return [
            (max(0, one.start) / 1000, codec.as_wav(codec.trim(audio, max(0, one.start), one.end))) for one in found
        ]


def _heard(answers: list[tuple[float, Answer]]) -> Heard:
    spoken = max(answers, key=lambda one: len(one[1].text), default=None)
    gaps = [(at, gap) for at, answer in answers for gap in getattr(answer, "gaps", ())]
    return Heard(
        text=" ".join(answer.text for _, answer in answers if answer.text),
        language=spoken[1].language if spoken else "",
        gaps=tuple(Gap(at + gap.start, at + gap.end) for at, gap in gaps),
        suppressed=", ".join(answer.suppressed.reason for _, answer in answers if answer.suppressed),
    )


class OpenAI:
    """openai-whisper's `transcribe`, as called from Python: greedy, with its fallback to higher temperatures."""

    def __init__(self, checkpoint: Path, device: str) -> None:
        import whisper

        self._half = device.startswith("cuda")  # what it does by itself there
        self._model = whisper.load_model(str(checkpoint), device=device)

    def transcribe(self, sound: bytes, language: str | None, beam: int | None) -> Heard:
        wide = {"beam_size": beam} if beam and beam > 1 else {}
        found = self._model.transcribe(_decoded(sound), language=language, fp16=self._half, verbose=None, **wide)
        return Heard(found["text"].strip(), found["language"])


class Faster:
    """faster-whisper's `WhisperModel.transcribe` in int8, with its VAD filter."""

    def __init__(self, folder: Path, device: str) -> None:
        import faster_whisper

        kind, _, number = device.partition(":")
        self._model = faster_whisper.WhisperModel(
            str(folder), device=kind, device_index=int(number or 0), cpu_threads=loading.threads(),
            compute_type=loading.chosen_compute_type("int8", device, loading.compute_types(device)),
        )  # fmt: skip

    def transcribe(self, sound: bytes, language: str | None, beam: int | None) -> Heard:
        wide = {} if beam is None else {"beam_size": beam}
        segments, about = self._model.transcribe(_decoded(sound), language=language, vad_filter=True, **wide)
        return Heard("".join(one.text for one in segments).strip(), about.language)


def said(line: str) -> None:
    """What is told while a model is fetched or converted: beside the table, not in it."""
    print(line, file=sys.stderr, flush=True)


def _decoded(sound: bytes) -> Any:
    """As faster-whisper reads a file; openai-whisper's own reader is a program, with the same library in it."""
    from faster_whisper import decode_audio

    return decode_audio(io.BytesIO(sound))
