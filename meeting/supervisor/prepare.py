"""Preparation before the first request: compile catalogues, migrate tables, collect static files.

`python -m meeting.supervisor.prepare` does all of it; the supervisor runs that only where something has changed."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from meeting import settings


def needed() -> bool:
    """Whether anything has changed since the last time. Looks at names, sizes and times, not into files."""
    database = settings.DATABASES["default"]
    # a server's tables may be gone or another's without a trace here, so those are always looked at
    if not database["ENGINE"].endswith("sqlite3") or not Path(database["NAME"]).exists():
        return True
    return not _stamp().exists() or _stamp().read_text(encoding="ascii") != fingerprint()


def fingerprint() -> str:
    """One hash over everything that the preparation reads."""
    words = [sys.prefix, str(settings.DEBUG), settings.DATABASE_URL, str(settings.STATIC_ROOT)]
    for path in sorted(_sources()):
        facts = path.stat()
        words.append(f"{path} {facts.st_size} {facts.st_mtime_ns}")
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def _sources() -> Iterator[Path]:
    yield from settings.BASE_DIR.glob("requirements*.txt")
    yield from settings.BASE_DIR.glob("*/migrations/*.py")
    yield from settings.BASE_DIR.glob("locale/*/LC_MESSAGES/*.po")
    if not settings.DEBUG:
        for entry in settings.STATICFILES_DIRS:
            folder = Path(entry[1] if isinstance(entry, tuple) else entry)
            yield from (path for path in folder.rglob("*") if path.is_file())


def _stamp() -> Path:
    return settings.DATA_DIR / "run" / "prepared"


def compile_catalogues() -> None:
    """Each `.po` into the `.mo` beside it, with Babel: a bare machine has no msgfmt."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in settings.BASE_DIR.glob("locale/*/LC_MESSAGES/*.po"):
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name, domain=source.stem)
        fresh = source.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            write_mo(file, catalogue)
        fresh.replace(source.with_suffix(".mo"))


def main() -> None:
    """Do all of it, and remember that it was done."""
    import django
    from django.core.management import call_command

    before = fingerprint()
    compile_catalogues()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meeting.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if not settings.DEBUG:
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    _stamp().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _stamp().write_text(before, encoding="ascii")


if __name__ == "__main__":
    if sys.argv[1:] == ["catalogues"]:
        compile_catalogues()
    else:
        main()
