"""What a clip's request and answer look like on the wire: query or form fields in, JSON out."""

from __future__ import annotations

import math
from collections.abc import Mapping

from speech.engines import Options
from speech.queue.turns import Priority
from speech.server.node import Answer, UnusableClip
from speech.transcription.transcription import Request

MAX_SPEAKER = 200  # characters
MAX_PROMPT = 2000  # characters; the newest are kept
MAX_EXPECTED = 5  # languages of earlier lines; the newest are kept
PRIORITIES = {"final": Priority.FINAL, "partial": Priority.PARTIAL, "file": Priority.FILE}


def parse(data: bytes, fields: Mapping[str, str]) -> Request:
    """A request from its query or form. Raises `UnusableClip` with the field's name. `ext` and `model` may be there and
    are not needed: the bytes say what they are, and there is one model, which the answer names."""
    patience = _number(fields, "deadline")
    return Request(
        data=data,
        options=Options(
            language=spoken(fields.get("language", "")),
            languages=tuple(sorted(set(_languages(fields, "languages")))),
            expected=_languages(fields, "expected")[-MAX_EXPECTED:],
            task=_choice(fields, "task", ("transcribe", "translate")),
            prompt=fields.get("prompt", "")[-MAX_PROMPT:] or None,
            english=_flag(fields, "english"),
            timestamps=_flag(fields, "timestamps"),
            fallback=fields.get("priority", "file") != "partial",
        ),
        priority=PRIORITIES[_choice(fields, "priority", ("file", "final", "partial"))],
        patience=math.inf if patience is None else patience / 1000,
        keep_from=_number(fields, "keep_from"),
        keep_to=_number(fields, "keep_to"),
        script=fields.get("script", ""),
        clip=printable(fields.get("clip", "")),
        speaker=_short(fields, "speaker", MAX_SPEAKER),
    )


def spoken(tag: str) -> str | None:
    """The language that is asked for; None: detected."""
    language = tag.strip().lower()
    return None if language in ("", "auto") else _primary(language)


def _languages(fields: Mapping[str, str], name: str) -> tuple[str, ...]:
    """A comma list of tags as Whisper's codes, in its order; one that stands there twice counts twice."""
    tags = fields.get(name, "").lower().replace(" ", "").split(",")
    return tuple(_primary(tag) for tag in tags if tag)


def _primary(tag: str) -> str:
    """What Whisper calls the language of a BCP 47 tag: `zh-Hant` is `zh`."""
    return tag.replace("_", "-").split("-")[0]


def _choice(fields: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = str(fields.get(name) or allowed[0]).lower()
    if value not in allowed:
        raise UnusableClip(f"{name} can be {', '.join(allowed)}")
    return value


def _flag(fields: Mapping[str, str], name: str) -> bool:
    return _choice(fields, name, ("false", "true", "0", "1")) in ("true", "1")


def _short(fields: Mapping[str, str], name: str, limit: int) -> str:
    text = fields.get(name, "")
    if len(text) > limit:
        raise UnusableClip(f"{name} has {limit} characters at most")
    return text


def _number(fields: Mapping[str, str], name: str) -> float | None:
    text = fields.get(name)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise UnusableClip(f"{name} is a number of milliseconds")
    return number


def shown(answer: Answer, spent: float, model: str, *, timestamps: bool, first: bool = False) -> dict[str, object]:
    """An answer as JSON; `spent` in seconds, `model` the one that heard it, whichever was asked for. `first`: another
    one follows it."""
    fields: dict[str, object] = {
        "success": True,
        "text": answer.text,
        "english": answer.english,
        "language": answer.language,
        "model": model,
        "process_time": round(spent, 4),
        "duration": round(answer.duration, 4),
        "silent": answer.silent,
        "suppressed": answer.suppressed and {"text": answer.suppressed.text, "reason": answer.suppressed.reason},
        "avg_logprob": _finite(answer.avg_logprob),
        "no_speech_prob": _finite(answer.no_speech_prob),
        "compression_ratio": _finite(answer.compression_ratio),
        "gaps": [{"start": gap.start, "end": gap.end} for gap in answer.gaps],
    }
    if timestamps:
        fields["segments"] = [{"start": s.start, "end": s.end, "text": s.text} for s in answer.segments]
    if first:
        fields["first"] = True
    return fields


def _finite(number: float) -> float | None:
    return round(number, 4) if math.isfinite(number) else None


def printable(name: str) -> str:
    """An id fit for a log line."""
    return "".join(letter for letter in name[:64] if letter.isalnum() or letter in "-_") or "-"
