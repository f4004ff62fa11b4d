"""Long texts in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meet.translation.text_splitting import joined, octets, pieces


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("One. Two.", 20, ["One. Two."]),
        ("One is here. Two is there. Three.", 15, ["One is here.", "Two is there.", "Three."]),
        ("It is 3.5 percent, I think, or more.", 22, ["It is 3.5 percent,", "I think, or more."]),
        ("我來了。你呢？他沒來。", 8, ["我來了。你呢？", "他沒來。"]),
        ("他說「好。」我走了。", 7, ["他說「好。」", "我走了。"]),
        ("one two three four", 9, ["one two", "three", "four"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("   ", 3, []),
    ],
)
def test_a_cut_lies_where_a_sentence_ends_or_a_part_of_one_or_a_word(text, limit, expected):
    assert pieces(text, limit) == expected


def test_a_limit_may_count_octets():
    assert pieces("我來了。你呢？他沒來。", 24, octets) == ["我來了。你呢？", "他沒來。"]


@given(st.text(max_size=80), st.integers(4, 40))
def test_nothing_but_blanks_is_lost_and_no_piece_is_too_long(text, limit):
    found = pieces(text, limit, octets)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(octets(piece) <= limit for piece in found)


@pytest.mark.parametrize(("language", "text"), [("en", "One. Two."), ("ja", "One.Two."), ("zh-Hant", "One.Two.")])
def test_sentences_stand_in_a_row_as_the_language_writes_them(language, text):
    assert joined([" One.", "Two. "], language) == text
