"""The page's words: it can say why in the reader's language, whatever the server refuses."""

import re
from pathlib import Path

from meet.ui_texts import JOIN, ROOM

MEET = Path(__file__).resolve().parents[2] / "meet"
CODE = re.compile(r'(?:BadEvent|Refused)\(\s*(?:[\w.]+, )?"(\w+)"|encode\("error", code="(\w+)"|code = "(\w+)"')


def test_every_refusal_of_the_server_has_its_words():
    # what a translator refuses is told to nobody
    modules = [path for path in MEET.rglob("*.py") if path.parent.name != "translation"]
    found = {next(filter(None, match)) for path in modules for match in CODE.findall(path.read_text("utf-8"))}
    assert {"too_old", "too_large", "not_joined"} <= found
    assert sorted(code for code in found if f"why-{code}" not in ROOM) == []


def test_every_word_that_the_scripts_ask_for_is_there():
    scripts = (MEET.parent / "static/meet/js").rglob("*.js")
    asked = {key for path in scripts for key in re.findall(r"\bsay\('([\w-]+)'", path.read_text("utf-8"))}
    assert asked
    assert sorted(key for key in asked if key not in ROOM | JOIN) == []
