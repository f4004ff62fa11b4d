"""The product's settings in a folder of the tests' own, so that no test touches what a person keeps."""

import os
import tempfile

os.environ.update(
    DATA_DIR=tempfile.mkdtemp(prefix="meeting-tests-"),
    WHISPER_MODEL="demo",
    TRANSLATOR="off",
    TIME_ZONE="Asia/Taipei",
)
for name in (
    "DATABASE_URL",
    "REDIS_URL",
    "SPEECH_URL",
    "SPEECH_TOKEN",
    "DEBUG",
    "TRANSLATE_TO",
    "LOG_DIR",
    "LIBRE_URL",
    "OPENAI_BASE_URL",
):
    os.environ.pop(name, None)
if elsewhere := os.environ.get(
    "TEST_DATABASE_URL"
):  # PostgreSQL instead of SQLite: a database of the tests' own is made there
    os.environ["DATABASE_URL"] = elsewhere

from meeting.settings import *  # noqa: E402, F403
from meeting.settings import STORAGES  # noqa: E402

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
