"""Startup message: where data lies, what leaves this machine, which model is used."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from meeting import settings

ASK_EVERY_S = 0.5
BUNDLED = " (the small bundled one, for trying out: README.md says how to get a real one)"

NO_ENGLISH = " (it does not translate, so TRANSLATOR=whisper gives no English: base, small, medium and large do)"


def where_things_go() -> list[str]:
    """Where captions and data go."""
    if "off" in settings.TRANSLATOR:
        translator = "Translation: off. No text leaves this machine for a translator."
    elif settings.TRANSLATOR == ["whisper"]:
        translator = (
            "Translation: by the speech model, into English alone. No text leaves this machine for a translator."
        )
    else:
        names = ", then ".join(_destination(name) for name in settings.TRANSLATOR if name != "whisper")
        translator = f"Translation: the text of captions is sent to {names}. TRANSLATOR=off keeps it here."
    return [translator, *_where_it_lies()]


def _where_it_lies() -> list[str]:
    database = settings.DATABASES["default"]
    name = str(database["NAME"])
    if not database["ENGINE"].endswith("sqlite3"):
        server = f"{database.get('HOST') or 'this machine'}:{database.get('PORT') or 'its usual port'}"
        return [f"Database: {name} on the PostgreSQL server at {server}", f"Media and secrets: {settings.DATA_DIR}"]
    if Path(name).parent != settings.DATA_DIR:
        return [f"Database: {name}", f"Media and secrets: {settings.DATA_DIR}"]
    return [f"Database, media and secrets: {settings.DATA_DIR}"]


def _destination(translator: str) -> str:
    address = {"libre": settings.LIBRE_URL, "chatgpt": settings.OPENAI_BASE_URL}.get(translator)
    if not address:
        return f"{translator} (outside this machine)"
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # without a password in it


def model(address: str, token: str, stopped: Callable[[], bool]) -> str:
    """The line about the model, once the speech tier has loaded it; empty if `stopped` before."""
    while not stopped():
        health = _health(address, token)
        if health.get("status") == "ok":
            line = f"Model: {health.get('model')} on {health.get('device')}"
            unable = "whisper" in settings.TRANSLATOR and health.get("translates") is False
            return f"{line}{BUNDLED if health.get('demo') else ''}{NO_ENGLISH if unable else ''}"
        time.sleep(ASK_EVERY_S)
    return ""


def _health(address: str, token: str) -> dict[str, object]:
    asked = urllib.request.Request(f"{address}/health", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=5) as reply:  # noqa: S310 - settings allow http and https alone
            answer = json.load(reply)
    except (urllib.error.URLError, OSError, ValueError):
        return {}  # not there yet, or still loading
    return answer if isinstance(answer, dict) else {}
