"""Secret key: made once, kept in DATA_DIR, readable by its owner only."""

import os
import secrets
from pathlib import Path


def read_or_make(path: Path) -> str:
    """The secret in `path`; two processes that start together end up with the same one."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(fresh, path)  # fails where another process was first; its secret is the one then
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()
