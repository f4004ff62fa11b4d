"""Settings that depend on one another, read as a start reads them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRE = "http://127.0.0.1:5000"


def setting(name: str, folder: Path, **environment: str) -> str:
    """One setting in an environment that has only these."""
    unset = {"TRANSLATOR", "LIBRE_URL", "DATABASE_URL", "REDIS_URL"}
    told = {key: value for key, value in os.environ.items() if key not in unset}
    done = subprocess.run(
        [sys.executable, "-c", f"from meeting import settings; print(settings.{name})"],
        cwd=ROOT,
        env={**told, "DATA_DIR": str(folder), **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "translators"),
    [
        ({}, ["google"]),
        ({"LIBRE_URL": LIBRE}, ["libre"]),
        ({"LIBRE_URL": LIBRE, "TRANSLATOR": "libre,google"}, ["libre", "google"]),
        ({"LIBRE_URL": LIBRE, "TRANSLATOR": "off"}, ["off"]),
    ],
)
def test_text_goes_to_a_named_libretranslate_alone_unless_translator_says_more(tmp_path, environment, translators):
    assert setting("TRANSLATOR", tmp_path, **environment) == str(translators)
