"""What every test gets: a real database in a file of its own, and media of its own."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as in production: its threads share it by WAL, not by a cache in memory."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path: Path) -> Path:
    """Files of a test lie in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PARTS_DIR = tmp_path / "parts"
    return tmp_path
