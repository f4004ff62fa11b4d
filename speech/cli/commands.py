"""Command `speech transcribe`: files to text, JSON or subtitles, through the server's own node."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from speech import loading
from speech.audio import codec
from speech.audio.decode_pool import DecoderUnstartable
from speech.cli import subtitles
from speech.cli.progress import ProgressBar
from speech.config import BadSetting, Config
from speech.engines import Capabilities, EngineError, Options
from speech.models.choice import Say
from speech.queue.scheduler import EngineBroken, SchedulerClosed
from speech.queue.turns import Expired, Overloaded
from speech.server import wire
from speech.server.node import FILE_MAX_SECONDS, Answer, Node, UnusableClip
from speech.transcription.transcription import Request

FORMS = ("txt", "json", "srt", "vtt")
FILE_MAX_BYTES = 1 << 30  # a file is held in memory as a whole; an hour of any sound takes less
FAILURES = (
    OSError,
    codec.Undecodable,
    DecoderUnstartable,
    UnusableClip,
    EngineBroken,
    SchedulerClosed,
    Overloaded,
    Expired,
    EngineError,
)


class TooLarge(codec.Undecodable):
    """A file that would not fit into memory beside everything else."""

    reason = "too_large"


@dataclass(frozen=True)
class TranscribeOptions:
    """Which files are heard, how, and what becomes of the text: on standard output, or a document a file in
    `folder`."""

    files: tuple[Path, ...]
    form: str = "txt"
    language: str = ""
    script: str = ""
    folder: Path | None = None

    def document(self, file: Path) -> Path | None:
        """Where a file's text is written; None: printed."""
        return self.folder / f"{file.stem}.{self.form}" if self.folder else None


def transcribe(config: Config, wanted: TranscribeOptions, say: Say) -> int:
    """Hear every file; 1 where some could not be heard. Raises `BadSetting` where the texts have no place."""
    _refuse_impossible(wanted)
    return asyncio.run(_all(config, wanted, say))


def _refuse_impossible(wanted: TranscribeOptions) -> None:
    if wanted.folder is None:
        if len(wanted.files) > 1 and wanted.form in ("srt", "vtt"):
            raise BadSetting(f"--{wanted.form} makes a document a file. Give --output-dir for several files.")
        return
    twice = [str(path) for path, times in Counter(map(wanted.document, wanted.files)).items() if times > 1]
    if twice:
        raise BadSetting(f"several files would be written to {', '.join(twice)}. Give them one at a time.")
    try:
        wanted.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"--output-dir {wanted.folder} cannot be made ({error.strerror}).") from error


async def _all(config: Config, wanted: TranscribeOptions, say: Say) -> int:
    node = Node(config, lambda: loading.load(config, say))
    failed = 0
    try:
        engine = (await node.start()).engine
        options = _options(wanted, engine.capabilities)
        for number, path in enumerate(wanted.files):
            bar = ProgressBar(path.name, sys.stderr)
            try:
                answer = await node.hear(Request(read(path), options, script=wanted.script), bar.show)
                text = _shown(path, answer, wanted.form)
                document = wanted.document(path)
                if document:
                    _write(document, text)
            except FAILURES as error:
                bar.clear()
                say(f"{path}: {why(error)}")
                failed = 1
                continue
            bar.clear()
            if document:
                say(f"{path}: {document}")
            else:
                _print(path, text, wanted, number)
    except DecoderUnstartable as error:
        say(f"speech cannot start: {error}")
        return 1
    finally:
        await node.stop()
    return failed


def _options(wanted: TranscribeOptions, can: Capabilities) -> Options:
    timed = wanted.form != "txt"
    return Options(language=wire.spoken(wanted.language), timestamps=timed, words=timed and can.words)


def read(path: Path) -> bytes:
    """A file's bytes. Raises `OSError`, `TooLarge`."""
    size = path.stat().st_size
    if size > FILE_MAX_BYTES:
        raise TooLarge(f"larger than {FILE_MAX_BYTES >> 20} MB. Make it FLAC or Opus, or cut it into parts.")
    return path.read_bytes()


def _shown(path: Path, answer: Answer, form: str) -> str:
    """The text in the form that was asked for, with the line break at its end."""
    if form == "json":
        return json.dumps({"file": str(path), **dataclasses.asdict(answer)}, ensure_ascii=False) + "\n"
    if form in ("srt", "vtt"):
        cues = subtitles.cues(answer.segments, answer.words)
        return subtitles.srt(cues) if form == "srt" else subtitles.vtt(cues)
    return "".join(f"{segment.text}\n" for segment in answer.segments) or f"{answer.text}\n"  # a line a clip


def _print(path: Path, text: str, wanted: TranscribeOptions, number: int) -> None:
    if wanted.form == "txt" and len(wanted.files) > 1:
        text = f"{'' if number == 0 else chr(10)}==> {path} <==\n{text}"
    sys.stdout.write(text)
    sys.stdout.flush()


def _write(document: Path, text: str) -> None:
    """The document as a whole, or as it was."""
    part = document.with_name(f".{document.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(document)


def why(error: Exception) -> str:
    """What one of `FAILURES` means, for people."""
    if isinstance(error, codec.TooLong):
        return f"longer than {FILE_MAX_SECONDS / 60:.0f} minutes. Cut it into parts."
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
