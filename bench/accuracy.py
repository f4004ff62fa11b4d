"""How many words or characters are wrong in recordings of your own: by engine, encoder window and added noise."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import comparison, machine, report, words
from bench.noise import noisy
from speech import config, loading
from speech.audio import codec, decode_pool, voice_detection
from speech.audio.samples import Span
from speech.audio.segmenter import Rules
from speech.engines import Engine, EngineError, Hypothesis, Options, Row
from speech.models import choice
from speech.transcription import recording

WINDOWS = ("padded", "bucketed")
COLUMNS = ("engine", "model", "window", "snr_db", "measure", "recordings", "error_rate", "errors", "length", "rtfx")
OTHER = "With --index FILE it compares ours with openai-whisper and faster-whisper: see --index FILE --help."


@dataclass(frozen=True)
class Recording:
    """Sound, and what is said in it."""

    path: Path
    audio: codec.Audio
    reference: str


class Unmatched(Exception):
    """Recordings and references do not belong together: which, and what would do."""


def main(arguments: Sequence[str]) -> int:
    """`bin/bench accuracy`. 2 where something that was asked for cannot be had. With `--index` it is `comparison`."""
    if any(one.partition("=")[0] == "--index" for one in arguments):
        return comparison.main(arguments)
    asked = _parser().parse_args(arguments)
    about = machine.described()
    print(machine.line(about), flush=True)
    rows: list[dict[str, Any]] = []
    try:
        recordings = list(recorded(asked.recordings, asked.reference))
        for name in asked.engine:
            engine = loading.load(_config(asked, name), lambda line: print(line, file=sys.stderr))
            for snr in (None, *asked.noise):
                for window in asked.window:
                    rows += _heard(engine, recordings, Options(language=asked.language, window=window), snr, asked.seed)
    except (Unmatched, config.BadSetting, choice.ModelUnobtainable, codec.Undecodable, EngineError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"\n{report.table([name.replace('_', ' ') for name in COLUMNS], [[row[c] for c in COLUMNS] for row in rows])}"
    )
    if asked.json:
        report.write(asked.json, {"machine": about, "seed": asked.seed, "rows": rows})
    return 0


def _parser() -> argparse.ArgumentParser:
    default = config.read(os.environ)
    parser = argparse.ArgumentParser(prog="bin/bench accuracy", description=__doc__, epilog=OTHER)
    parser.add_argument("recordings", type=Path, nargs="+", metavar="FILE", help="any sound that PyAV decodes")
    parser.add_argument(
        "--reference", type=Path, nargs="+", required=True, metavar="TEXT",
        help="what is said in them: a text file for each, or one with a line for each, in the same order",
    )  # fmt: skip
    parser.add_argument("--model", default=default.model, help="as WHISPER_MODEL, which is the default")
    parser.add_argument("--language", help="spoken in all of them; found out by the model unless given")
    parser.add_argument("--window", type=_of(WINDOWS), default=WINDOWS, help="default: padded,bucketed")
    parser.add_argument("--engine", type=_of(config.ENGINES), default=config.ENGINES[:1], help="default: whisper")
    parser.add_argument(
        "--noise", type=lambda text: tuple(float(one) for one in text.split(",") if one), default=(20.0, 10.0, 5.0),
        metavar="DB,…", help="signal-to-noise ratios beside the clean sound; default: 20,10,5; '' for none",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="of the noise")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser


def _of(allowed: tuple[str, ...]) -> Any:
    """A list of these, as an option has it."""

    def read(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if not set(names) <= set(allowed):
            raise argparse.ArgumentTypeError(f"{text!r}: there are {', '.join(allowed)}")
        return names

    return read


def _config(asked: argparse.Namespace, engine: str) -> config.Config:
    return dataclasses.replace(config.read(os.environ), engine=engine, model=asked.model)


def recorded(files: Sequence[Path], references: Sequence[Path]) -> Iterator[Recording]:
    """Each file with its reference. Raises `Unmatched`, `codec.Undecodable`, `OSError`."""
    texts = [path.read_text(encoding="utf-8-sig") for path in references]
    if len(texts) == 1 and len(files) > 1:
        texts = [line for line in texts[0].splitlines() if line.strip()]
    if len(texts) != len(files):
        raise Unmatched(
            f"There are {len(files)} recordings and {len(texts)} references. Give a text file for each recording, or "
            "one text file with a line for each."
        )
    for path, text in zip(files, texts, strict=True):
        if not words.normal(text):
            raise Unmatched(f"The reference of {path} is empty: what nobody said cannot be compared.")
        yield Recording(path, codec.raised(codec.decode(path.read_bytes())), text)


def _heard(
    engine: Engine, recordings: Sequence[Recording], options: Options, snr: float | None, seed: int
) -> Iterator[dict[str, Any]]:
    """A row for spaced and one for unspaced languages, as far as there are recordings of them."""
    counted: dict[str, list[tuple[int, int, float]]] = {}
    began = time.perf_counter()
    for place, one in enumerate(recordings):
        text = transcribed(engine, _with_noise(one.audio, snr, seed + place), options)
        kind = words.measure([one.reference])
        wrong, length = words.errors(one.reference, text, kind)
        counted.setdefault(kind, []).append((wrong, length, len(one.audio) / codec.SAMPLE_RATE))
    took = time.perf_counter() - began
    spoken = sum(seconds for rows in counted.values() for _, _, seconds in rows)
    for kind, found in sorted(counted.items()):
        wrong, length = sum(row[0] for row in found), sum(row[1] for row in found)
        yield {
            "engine": engine.name,
            "model": engine.model,
            "window": options.window,
            "snr_db": snr,
            "measure": kind,
            "recordings": len(found),
            "error_rate": round(wrong / length, 4),
            "errors": wrong,
            "length": length,
            "rtfx": round(spoken / took, 1),
        }


def _with_noise(audio: codec.Audio, snr: float | None, seed: int) -> codec.Audio:
    return audio if snr is None else noisy(audio, voice_detection.spans(audio, 2), snr, seed)


def transcribed(engine: Engine, audio: codec.Audio, options: Options) -> str:
    """What is said in a recording of any length, heard as the speech side hears files: cut at pauses. What the gate
    takes for no speech is heard all the same, and nothing is held back: both would hide a window's mistakes."""
    taken = decode_pool.DecodedSound(
        audio, tuple(voice_detection.spans(audio, 2)) or (Span(0.0, len(audio) / codec.SAMPLE_RATE),)
    )
    usual = config.Config()
    longest = min(engine.capabilities.window_seconds, usual.clip_max_seconds)
    pieces = recording.cut(taken, Rules(longest, usual.clip_silence_seconds))
    heard: list[Hypothesis] = []
    size = engine.capabilities.batch
    for first in range(0, len(pieces), size):
        for outcome in engine.transcribe([Row(piece.audio, options) for piece in pieces[first : first + size]]):
            if isinstance(outcome, EngineError):
                raise outcome
            heard.append(outcome)
    return " ".join(one.text for one in heard)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
