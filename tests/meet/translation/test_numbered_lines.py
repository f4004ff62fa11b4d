"""Several lines in one message, and what comes back told apart, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meet.translation.numbered_lines import numbered, parse


def test_each_line_stands_behind_its_number_in_one_line():
    assert numbered(["Hello", "How are\nyou?\t3. well"]) == "1. Hello\n2. How are you? 3. well"


@pytest.mark.parametrize(
    "answer",
    [
        "1. あ\n2. い",
        "1) あ\n2) い",
        "[1] あ\n[2] い",
        "１．あ\n２．い",
        "1: あ\n\n2: い\n",
        "Here are the lines:\n\n1. あ\n2. い",
        "```\n1. あ\n2. い\n```",
        "**1.** あ\n**2.** い",
    ],
    ids=["dots", "brackets", "square brackets", "wide", "blank lines", "a preface", "a fence", "stars"],
)
def test_an_answer_with_the_same_numbers_is_told_apart(answer):
    found = parse(answer, 2)
    assert found is not None
    assert [line.strip("* ") for line in found] == ["あ", "い"]


@pytest.mark.parametrize(
    "answer",
    [
        "1. あい",
        "1. あ\n2. い\n3. う",
        "2. い\n1. あ",
        "1. あ\n1. い",
        "1. あ\n2.",
        "1. あ\nstill あ\n2. い",
        "1. あ\n2. い\n(Note: both are vowels.)",
        "あ\nい",
        "",
    ],
    ids=["joined", "one more", "turned round", "twice", "empty", "broken", "a note", "no numbers", "nothing"],
)
def test_an_answer_that_cannot_be_told_apart_is_none(answer):
    assert parse(answer, 2) is None


def test_a_line_that_begins_with_a_number_keeps_it():
    assert parse("1. 3. März\n2. 2026: ja", 2) == ["3. März", "2026: ja"]


lines = st.lists(st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1).filter(str.strip), min_size=1)


@given(lines)
def test_what_was_numbered_comes_back_as_it_was(texts):
    texts = [f"x{text}" for text in texts]  # none that is only a bracket of the number's
    assert parse(numbered(texts), len(texts)) == [" ".join(text.split()) for text in texts]
