"""Typed readers of environment variables: a bad value stops the start and says which, why, and what would do."""

import os
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from tzlocal import get_localzone_name

SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def refuse(name: str, value: str, why: str, cure: str) -> ImproperlyConfigured:
    """The error of a setting that cannot be used, in one sentence a person can act on."""
    return ImproperlyConfigured(f"{name}={value!r} {why}. {cure}")


def text(name: str, default: str = "") -> str:
    """The variable, or the default where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def key(name: str) -> str:
    """A key or token, as it goes into an HTTP header. What is wrong with it is said without it."""
    value = text(name)
    if not value.isascii() or not value.isprintable() or " " in value:
        raise refuse(name, "…", "has characters that no key has", "Give the key alone, in one line.")
    return value


def number(name: str, default: float, low: float, high: float) -> float:
    """A number between `low` and `high`, both allowed."""
    raw = text(name)
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        raise refuse(name, raw, "is not a number", f"Give a number from {low:g} to {high:g}.") from None
    if not low <= value <= high:
        raise refuse(name, raw, "is out of range", f"Give a number from {low:g} to {high:g}.")
    return value


def integer(name: str, default: int, low: int, high: int) -> int:
    """A whole number between `low` and `high`, both allowed."""
    value = number(name, default, low, high)
    if value != int(value):
        raise refuse(name, text(name), "is not a whole number", f"Give one from {low} to {high}.")
    return int(value)


def flag(name: str, *, default: bool) -> bool:
    """On or off, as people write it."""
    raw = text(name).lower()
    if raw and raw not in SWITCH:
        raise refuse(name, raw, "is neither on nor off", "Give `on` or `off`.")
    return SWITCH.get(raw, default)


def mode(name: str, default: str, others: Iterable[str]) -> str:
    """`on` or `off`, as people write it, or one of `others`."""
    raw, known = text(name, default).lower(), list(others)
    if raw not in SWITCH and raw not in known:
        raise refuse(name, raw, "is not known", f"Give `on`, `off` or {' or '.join(f'`{word}`' for word in known)}.")
    return {True: "on", False: "off"}[SWITCH[raw]] if raw in SWITCH else raw


def words(name: str, default: Iterable[str] = ()) -> list[str]:
    """A comma list, blanks dropped."""
    raw = text(name)
    return [word.strip() for word in raw.split(",") if word.strip()] if raw else list(default)


def choices(name: str, default: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """A comma list of which every word is one of `allowed`."""
    known = list(allowed)
    chosen = words(name, default)
    for word in chosen:
        if word not in known:
            raise refuse(name, ",".join(chosen), f"names {word!r}, which is not known", f"Known: {', '.join(known)}.")
    return chosen


def choice(name: str, default: str, allowed: Iterable[str]) -> str:
    """One of `allowed`."""
    known = list(allowed)
    value = text(name, default)
    if value not in known:
        raise refuse(name, value, "is not known", f"Known: {', '.join(known)}.")
    return value


def folder(name: str, default: Path) -> Path:
    """A folder that exists or can be made, as an absolute path."""
    path = Path(text(name, str(default))).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refuse(name, str(path), f"cannot be made ({error.strerror})", "Give a folder you may write to.") from None
    return path


def file(name: str) -> Path | None:
    """A file's absolute path; None where it is unset. Whoever uses it says whether it can be read."""
    value = text(name)
    return Path(value).expanduser().resolve() if value else None


def address(name: str, schemes: Iterable[str], default: str = "") -> str:
    """A URL whose scheme is one of `schemes`, or the default (without a closing slash)."""
    value = text(name, default)
    known = list(schemes)
    if value and value.split("://")[0] not in known:
        raise refuse(name, value, "is not an address of a known kind", f"It begins with {' or '.join(known)}://.")
    return value.rstrip("/")


def time_zone(name: str) -> str:
    """An IANA zone name; the machine's own where it is unset."""
    value = text(name) or get_localzone_name() or "UTC"
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise refuse(name, value, "is not a time zone", "Give one such as Asia/Taipei.") from None
    return value
