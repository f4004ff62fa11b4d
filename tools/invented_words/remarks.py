"""People's recordings, and short remarks cut out of them: «Okay», «Yeah», 好. The recordings lie beside the project.

A remark is heard bare, with a room's quiet around it as a browser sends it, and so again as by a quiet microphone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speech.audio import codec
from tools.invented_words import noises
from tools.invented_words.journey import Sound
from tools.invented_words.noises import RATE, Audio, coloured

BEFORE, AFTER = 1.0, 0.8  # seconds of quiet that a browser keeps around speech
QUIET_DBFS = -46.0
ROOM_DBFS = -72.0
EDGE_SECONDS = 0.01  # faded, so that a cut makes no click


@dataclass(frozen=True)
class Cut:
    """Where in a recording a remark lies, seconds."""

    file: str
    start: float
    end: float
    language: str
    said: str


CUTS = (
    Cut("reports/en_remark_okay.wav", 0.0, 0.4, "en", "Okay"),
    Cut("speech/ami_dev00.wav", 29.52, 30.0, "en", "Okay"),
    Cut("human/en_ami_en2006b.flac", 29.62, 30.0, "en", "Yeah"),
    Cut("human/en_ami_en2009b.flac", 0.1, 0.6, "en", "Uh yeah"),
    Cut("human/en_ami_en2009b.flac", 3.24, 3.72, "en", "Yeah"),
    Cut("human/en_reazon_meeting.flac", 0.74, 1.22, "en", "Okay"),
    Cut("human/mix_reazon_ja_en.flac", 2.64, 3.0, "en", "Mhm"),
    Cut("human/en_cards_005.wav", 0.0, 0.6, "en", "Eight"),
    Cut("human/en_libritts_5142.wav", 0.0, 0.5, "en", "Ten"),
    Cut("human/zh_wenet_testmeeting.wav", 0.0, 0.45, "zh", "好"),
    Cut("human/zh_firered_podcast_s1.flac", 0.15, 0.54, "zh", "啊"),
    Cut("human/zh_cosy_hope.wav", 0.0, 0.6, "zh", "希望"),
    Cut("human/zh_soulx_female.wav", 0.0, 0.46, "zh", "喜欢"),
    Cut("human/zh_aishell_0764.wav", 0.3, 0.9, "zh", "甚至"),
    Cut("human/ja_julius_tenki.wav", 0.0, 0.6, "ja", "今日"),
    Cut("human/ja_reazon_machine.flac", 0.8, 1.3, "ja", "これは"),
)


def cut(folder: Path) -> Iterator[Sound]:
    """The remarks of `CUTS` whose recordings lie in `folder`, in each form."""
    for one in CUTS:
        if (folder / one.file).exists():
            audio = codec.decode((folder / one.file).read_bytes(), max_seconds=120.0)
            part = audio[round(one.start * RATE) : round(one.end * RATE)]
            yield from forms(f"{Path(one.file).stem}_{one.start:g}", part, one.language, one.said)


def whole(folder: Path, language: str, longest: float = 0.9) -> Iterator[Sound]:
    """Every WAV file of a folder that lasts so many seconds at most: a telephone system's digits, as remarks."""
    for file in sorted(folder.rglob("*.wav")):
        audio = codec.decode(file.read_bytes(), max_seconds=120.0)
        if 0.2 <= len(audio) / RATE <= longest:
            yield from forms(f"{file.parent.name}_{file.stem}", audio, language, file.stem)


def forms(name: str, audio: Audio, language: str, said: str) -> Iterator[Sound]:
    """A remark bare, its language found out; with quiet around it; the same at `QUIET_DBFS`, above a room's noise."""
    soft = _soft_edges(audio)
    peak = float(np.abs(soft).max())
    loud = 10 ** (QUIET_DBFS / 20) / max(_loudness(soft), 1e-9)
    yield Sound(f"{name}_bare", "remark bare", soft, None, said)
    yield Sound(f"{name}_around", "remark", _among_quiet(soft, name), language, said)
    quiet = _among_quiet(soft * np.float32(min(loud, 1 / peak)), name)
    yield Sound(f"{name}_quiet", "remark quiet", quiet, language, said)


def recordings(index: Path) -> Iterator[Sound]:
    """The recordings of an index (`file`, `lang`, `text`), each as a file is heard."""
    for entry in json.loads(index.read_text()):
        language = entry["lang"] if entry["lang"] in ("zh", "en", "ja") else None
        audio = codec.unclipped(codec.decode((index.parent / entry["file"]).read_bytes(), max_seconds=3600.0))
        kind = "nobody" if entry["lang"] == "none" else "recording"
        yield Sound(entry["file"], kind, audio, language, entry["text"], live=False)


def _among_quiet(audio: Audio, name: str) -> Audio:
    dice = np.random.default_rng(sum(name.encode()))
    noise = coloured(dice, len(audio) + round((BEFORE + AFTER) * RATE), 2.0)
    noise *= 10 ** (ROOM_DBFS / 20) / noise.std()
    at = round(BEFORE * RATE)
    noise[at : at + len(audio)] += audio
    return noise.astype(np.float32)


def _soft_edges(audio: Audio) -> Audio:
    size = min(round(EDGE_SECONDS * RATE), len(audio) // 2)
    ramp = np.ones(len(audio), np.float32)
    ramp[:size] = np.linspace(0, 1, size)
    ramp[len(audio) - size :] = np.linspace(1, 0, size)
    return audio * ramp


def _loudness(audio: Audio) -> float:
    """RMS of the loudest of its 30 ms."""
    frames = np.pad(audio, (0, -len(audio) % 480)).reshape(-1, 480).astype(np.float64)
    return float(np.sqrt((frames**2).mean(axis=1)).max())


def with_tails(index: Path, seed: int = 0) -> Iterator[Sound]:
    """Recordings of at most 12 s, each with some seconds without speech behind it, one kind after another."""
    kinds, number = sorted(noises.KINDS), 0
    for one in recordings(index):
        if one.said and len(one.audio) <= 12 * RATE:
            noise = noises.clip(kinds[number % len(kinds)], number, seed)
            gap, tail = np.zeros(RATE // 2, np.float32), noise.audio[: 8 * RATE]
            audio = np.concatenate([one.audio, gap, tail])
            yield Sound(f"{one.name}+{noise.name}", "tail", audio, one.asked, one.said)
            number += 1
