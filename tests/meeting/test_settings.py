"""Settings that depend on one another, read as a start reads them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRE = "http://127.0.0.1:5000"


def read(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """How reading one setting ends in an environment that has only these."""
    unset = {"TRANSLATOR", "LIBRE_URL", "DATABASE_URL", "REDIS_URL", "OPENAI_BASE_URL"}
    told = {key: value for key, value in os.environ.items() if key not in unset and not key.endswith("_API_KEY")}
    return subprocess.run(
        [sys.executable, "-c", f"from meeting import settings; print(settings.{name})"],
        cwd=ROOT,
        env={**told, "DATA_DIR": str(folder), **environment},
        check=False,
        capture_output=True,
        text=True,
    )


def setting(name: str, folder: Path, **environment: str) -> str:
    """One setting in an environment that has only these."""
    done = read(name, folder, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "translators"),
    [
        ({}, ["google", "mymemory"]),
        ({"LIBRE_URL": LIBRE}, ["libre"]),
        ({"LIBRE_URL": LIBRE, "TRANSLATOR": "libre,google"}, ["libre", "google"]),
        ({"LIBRE_URL": LIBRE, "TRANSLATOR": "off"}, ["off"]),
    ],
)
def test_text_goes_to_a_named_libretranslate_alone_unless_translator_says_more(tmp_path, environment, translators):
    assert setting("TRANSLATOR", tmp_path, **environment) == str(translators)


@pytest.mark.parametrize(
    ("translator", "cure"),
    [
        ("google,libre", "Set LIBRE_URL as well."),
        ("deepl", "Set DEEPL_API_KEY as well."),
        ("microsoft", "Set MICROSOFT_API_KEY as well."),
        ("chatgpt", "Set OPENAI_API_KEY or OPENAI_BASE_URL as well."),
        ("google,off", "Give one or the other."),
    ],
)
def test_a_translator_without_what_it_needs_stops_the_start_and_says_what_would_do(tmp_path, translator, cure):
    done = read("TRANSLATOR", tmp_path, TRANSLATOR=translator)
    assert done.returncode != 0
    assert f"TRANSLATOR='{translator}'" in done.stderr
    assert cure in done.stderr


@pytest.mark.parametrize("key", ["sesame\nX-Header: 1", "my key", "鑰匙"])
def test_a_key_that_no_header_takes_stops_the_start_and_is_not_shown(tmp_path, key):
    done = read("TRANSLATOR", tmp_path, DEEPL_API_KEY=key)
    assert done.returncode != 0
    assert "DEEPL_API_KEY" in done.stderr
    assert key not in done.stderr.splitlines()[-1]


def test_every_translator_can_be_named_with_what_it_needs(tmp_path):
    names = ["google", "mymemory", "libre", "deepl", "microsoft", "chatgpt", "whisper"]
    keys = dict.fromkeys(("DEEPL_API_KEY", "MICROSOFT_API_KEY", "OPENAI_API_KEY"), "sesame")
    assert setting("TRANSLATOR", tmp_path, TRANSLATOR=",".join(names), LIBRE_URL=LIBRE, **keys) == str(names)
