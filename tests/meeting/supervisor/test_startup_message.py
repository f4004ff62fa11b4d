"""What a start says of where things lie."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CODE = "from meeting.supervisor import startup_message; print(*startup_message.where_things_go(), sep='\\n')"


def said(folder: Path, **environment: str) -> str:
    """Its lines in an environment that has only these."""
    told = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LIBRE_URL")}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env={**told, "DATA_DIR": str(folder), "TRANSLATOR": "off", **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_everything_in_one_folder_is_one_line(tmp_path):
    assert f"Database, media and secrets: {tmp_path}\n" in said(tmp_path)


def test_a_database_elsewhere_is_named_without_its_password(tmp_path):
    lines = said(tmp_path, DATABASE_URL="postgres://alice:hush@db.example.org:5433/room")
    assert "Database: room on the PostgreSQL server at db.example.org:5433\n" in lines
    assert f"Media and secrets: {tmp_path}\n" in lines
    assert "hush" not in lines


def test_a_sqlite_file_elsewhere_is_named(tmp_path):
    elsewhere = tmp_path / "elsewhere" / "db.sqlite3"
    lines = said(tmp_path / "data", DATABASE_URL=f"sqlite:///{elsewhere}")
    assert f"Database: {elsewhere}\nMedia and secrets: {tmp_path / 'data'}\n" in lines


def test_the_speech_model_as_translator_sends_no_text_away(tmp_path):
    alone = said(tmp_path, TRANSLATOR="whisper")
    assert "Translation: by the speech model, into English alone. No text leaves this machine" in alone
    assert "is sent to mymemory (outside this machine). " in said(tmp_path, TRANSLATOR="whisper,mymemory")
