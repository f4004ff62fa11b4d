"""What every test gets: a real database in a file of its own, and media of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: two processes of tests whose threads spin starve

import pytest
from django.conf import settings as django_settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where two processes share the tests: those with a browser mostly wait, and one after another; the others by file.

    Two meetings at once would be too much for two cores.
    """
    for item in items:
        folder = item.path.relative_to(item.config.rootpath).parts[1]
        item.add_marker(pytest.mark.xdist_group("browser" if folder == "browser" else str(item.path)))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as in production: its threads share it by WAL, not by a cache in memory."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """At the end the other threads' connections are closed: PostgreSQL drops no database that somebody is in."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid != pg_backend_pid()"
                )


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path: Path) -> Path:
    """Files of a test lie in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PARTS_DIR = tmp_path / "parts"
    return tmp_path


@pytest.fixture(scope="session")
def real_model() -> Path:
    """The file of the real Whisper `base`. Where it cannot be had, the test fails."""
    from tests import real_model as real  # late: it loads torch

    return real.real_model()
