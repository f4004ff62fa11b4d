"""The Chinese catalogue: it has every word that people see, and keeps what is filled in later."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "ngettext_lazy": (1, 2), "pgettext_lazy": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def in_python(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {first(words) for _line, words, _notes, _context in extract("python", file, KEYWORDS)}


def in_template(path: Path) -> set[str]:
    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    found = extract("javascript", io.BytesIO(source.encode()), KEYWORDS)
    return {first(words) for _line, words, _notes, _context in found}


def first(words: str | tuple[str, ...]) -> str:
    return words if isinstance(words, str) else words[0]


@pytest.fixture(scope="module")
def catalogue() -> dict[str, str]:
    with (ROOT / "locale/zh_Hant/LC_MESSAGES/django.po").open("rb") as file:
        messages = [one for one in read_po(file, locale="zh_Hant") if one.id and not one.fuzzy]
    return {first(one.id): first(one.string) for one in messages}


@pytest.mark.parametrize("folder", ["meet", "meeting"])
def test_every_word_of_the_code_has_its_chinese(folder, catalogue):
    words = set().union(*(in_python(path) for path in (ROOT / folder).rglob("*.py")))
    assert sorted(word for word in words if not catalogue.get(word)) == []


def test_every_word_of_the_templates_has_its_chinese(catalogue):
    words = set().union(*(in_template(path) for path in (ROOT / "templates").rglob("*.html")))
    assert words
    assert sorted(word for word in words if not catalogue.get(word)) == []


def test_what_is_filled_in_later_stands_in_both_languages(catalogue):
    differing = [
        english
        for english, chinese in catalogue.items()
        if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(chinese))
    ]
    assert differing == []
