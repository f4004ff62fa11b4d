"""Errors by kind, and numbers that are the same in words and in digits."""

from __future__ import annotations

import pytest

from bench import numbers, words
from bench.words import Counts


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("一三零零二五九八四八二", "13002598482"),
        ("二〇二六年十二月三十一日", "2026年12月31日"),
        ("十五", "15"), ("二十", "20"), ("一百零五", "105"), ("一百五", "150"), ("一百五十", "150"), ("千五百", "1500"),
        ("三万五千", "35000"), ("3万5千", "35000"), ("5万", "50000"), ("十万", "100000"), ("一亿二千万", "120000000"),
        ("一百二十三万四千五百六十七", "1234567"),
        ("三点一四", "3.14"), ("百分之五", "5"), ("两个", "2个"), ("2.5", "2.5"),
        ("七点半", "7点半"), ("万一", "万1"), ("千万", "千万"), ("三四十", "34十"),
    ],
)  # fmt: skip
def test_chinese_number_words_become_digits(text, digits):
    assert numbers.chinese(text) == digits


@pytest.mark.parametrize(
    ("said", "written", "kind"),
    [
        ("eight of spades, four of clubs", "8 of spades 4 of clubs", "WER"),
        ("slide FIFTY THREE", "Slide 53.", "WER"),
        ("it costs one thousand two hundred", "It costs 1,200.", "WER"),
        ("about five percent", "about 5%", "WER"),
        ("二零一一年八月", "2011 年 8 月", "CER"),
        ("十五米", "15米", "CER"),
        ("他們有二十個 twenty one people", "他们有20个 21 people", "MER"),
    ],
)
def test_a_number_in_words_and_the_same_in_digits_are_no_error(said, written, kind):
    counts = words.counted(said, written, kind)
    assert counts.errors == 0
    assert counts.length > 1


def test_different_numbers_are_an_error():
    assert words.counted("fifty three", "52", "WER").changed == 1
    assert words.counted("十五", "16", "CER").changed == 1


@pytest.mark.parametrize(
    ("reference", "heard", "kind", "counts"),
    [
        ("we meet at noon", "we meat at noon now", "WER", Counts(0, 1, 1, 4)),
        ("we meet at noon", "at noon", "WER", Counts(2, 0, 0, 4, lost_edge=True)),
        ("we meet at noon", "we meet", "WER", Counts(2, 0, 0, 4, lost_edge=True)),
        ("we meet at noon", "we at noon", "WER", Counts(1, 0, 0, 4)),
        ("今天下午開會討論", "會討論", "CER", Counts(5, 0, 0, 8, lost_edge=True)),
        ("今天下午開會討論", "下午开会讨论", "CER", Counts(2, 0, 0, 8)),
        ("這個logo很好", "這個 logo 很好", "MER", Counts(0, 0, 0, 5)),
        ("yes", "", "WER", Counts(1, 0, 0, 1, lost_edge=True)),
        ("", "thank you", "WER", Counts(0, 2, 0, 0)),
        ("", "", "WER", Counts(0, 0, 0, 0)),
    ],
)
def test_lost_invented_and_changed_words_and_lost_edges_are_told_apart(reference, heard, kind, counts):
    assert words.counted(reference, heard, kind) == counts
