"""System checks of `manage.py check`: speech, Redis, database and translators of this machine, each with a cure.

The speech side is asked in a process of its own, or over HTTP where it is elsewhere: nothing here loads a model.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

PATIENCE_SECONDS = 60  # torch alone takes seconds to load from a cold disk
ANSWER_SECONDS = 3
LEVELS = {"error": Error, "warning": Warning, "info": Info}
KEYS = {"deepl": "DEEPL_API_KEY", "microsoft": "MICROSOFT_API_KEY", "chatgpt": "OPENAI_API_KEY", "libre": "LIBRE_URL"}


def look_at_the_machine() -> None:
    """Have `check` look at all of it. Other commands do not: it takes seconds."""
    register(speech, "speech")
    for look in (channel_layer, database, translators):
        register(look, "machine")


def speech(**_options: Any) -> list[CheckMessage]:
    """Whether somebody would hear what is said, and how well."""
    return list(_elsewhere() if settings.SPEECH_URL else _here())


def _here() -> Iterator[CheckMessage]:
    """What `python -m speech check` finds."""
    command = [sys.executable, "-m", "speech", "check", "--json"]
    try:
        done = subprocess.run(  # noqa: S603 - this very Python, and our own module
            command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        why = _("The speech side did not answer within %(seconds)s seconds.") % {"seconds": PATIENCE_SECONDS}
        yield Warning(why, _see(), id="speech.slow")
        return
    except (ValueError, IndexError):
        why = _("The speech side ended with status %(status)s: %(why)s")
        said = (done.stderr.strip().splitlines() or ["-"])[-1][:300]
        yield Error(why % {"status": done.returncode, "why": said}, _see(), id="speech.ended")
        return
    facts = "; ".join(f"{name}: {value}" for name, value in found["facts"].items())
    yield Info(_("Speech, as found here: %(facts)s.") % {"facts": facts or "-"}, id="speech.found")
    for one in found["problems"]:
        message, cure = (_(text) % one["values"] for text in (one["message"], one["cure"]))
        yield LEVELS[one["level"]](message, cure, id=f"speech.{one['code']}")


def _see() -> str:
    return _("`python -m speech check` says more.")


def _elsewhere() -> Iterator[CheckMessage]:
    """What the server at SPEECH_URL says of itself."""
    place = {"url": settings.SPEECH_URL}
    headers = {"Authorization": f"Bearer {settings.SPEECH_TOKEN}"} if settings.SPEECH_TOKEN else {}
    try:
        answer = httpx.get(f"{settings.SPEECH_URL}/health", headers=headers, timeout=ANSWER_SECONDS)
        body = answer.json()
        told = body if isinstance(body, dict) else {}
    except (httpx.HTTPError, ValueError) as error:
        why = _("No speech server answers at SPEECH_URL=%(url)s (%(why)s): clips wait until one does.")
        cure = _("Start it there (`python -m speech serve`), correct the address, or unset SPEECH_URL.")
        yield Warning(why % {**place, "why": type(error).__name__}, cure, id="speech.away")
        return
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        why = _("The speech server at %(url)s refuses our SPEECH_TOKEN: clips wait until it takes it.")
        yield Warning(why % place, _("Set the same SPEECH_TOKEN on both sides."), id="speech.token")
    elif answer.status_code != httpx.codes.OK and told.get("status") != "loading":
        why = _("The speech server at %(url)s says that it cannot hear (status %(status)s).")
        cure = _("Run `python -m speech check` there.")
        yield Warning(why % {**place, "status": answer.status_code}, cure, id="speech.failed")
    else:
        model = {"model": told.get("model") or told.get("status"), "device": told.get("device") or "-"}
        yield Info(_("Speech, at %(url)s: %(model)s on %(device)s.") % {**place, **model}, id="speech.found")


def channel_layer(**_options: Any) -> list[CheckMessage]:
    """Whether processes hear of one another."""
    if settings.REDIS_URL:
        try:
            with redis.Redis.from_url(
                settings.REDIS_URL, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS
            ) as client:
                client.ping()
        except redis.RedisError as error:
            why = _("The Redis of REDIS_URL does not answer (%(why)s): nobody would hear of anybody else.")
            cure = _("Start it, correct REDIS_URL, or unset it: then one web process needs none.")
            return [Error(why % {"why": type(error).__name__}, cure, id="machine.redis_away")]
        return []
    if shutil.which("redis-server"):
        return []
    why = _("redis-server is not installed: one web process keeps its messages in memory.")
    cure = _(
        "That will do for one process. For more, install it (Debian: `apt install redis-server`) or set REDIS_URL."
    )
    return [Info(why, cure, id="machine.no_redis")]


def database(**_options: Any) -> list[CheckMessage]:
    """Whether the database answers and has the tables of this version."""
    cure = _("`python manage.py serve` does it at its start; by hand: `python manage.py migrate`.")
    missing = Warning(_("The database lacks tables of this version."), cure, id="machine.not_migrated")
    try:
        if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
            return [missing]  # asking would make an empty one
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        why = _("The database of DATABASE_URL does not answer (%(why)s).") % {"why": type(error).__name__}
        return [Error(why, _("Start it, or correct DATABASE_URL."), id="machine.database_away")]
    return [missing] if behind else []


def translators(**_options: Any) -> list[CheckMessage]:
    """Keys that nobody uses: whoever set one meant that translator."""
    unused = [(name, key) for name, key in KEYS.items() if getattr(settings, key) and name not in settings.TRANSLATOR]
    why = _("%(key)s is set, but TRANSLATOR does not name %(name)s: nothing is sent there.")
    cure = _("Set TRANSLATOR=%(name)s,%(others)s, or unset the key.")
    others = ",".join(name for name in settings.TRANSLATOR if name != "off") or "google"
    return [
        Warning(why % {"key": key, "name": name}, cure % {"name": name, "others": others}, id="machine.key_unused")
        for name, key in unused
    ]
