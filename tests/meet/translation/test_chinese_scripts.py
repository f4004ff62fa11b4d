"""Chinese in its two scripts."""

import json

import pytest

from meet.translation import chinese_scripts
from tests.libretranslate import SENTENCES

TRADITIONAL = [
    "台北的計畫",
    "台灣",
    "舞台",
    "只有一隻貓",
    "後來",
    "皇后",
    "謝謝大家，會議結束。",
    "看著",
    "裡面",
    "電腦裡的檔案",
    "批准",
    "吃麵",
]


def chinese_sentences() -> list[str]:
    rows = json.loads(SENTENCES.read_text(encoding="utf-8"))
    return [row["text"] if row["language"] == "zh" else row["translations"]["zh"] for row in rows]


@pytest.mark.parametrize("text", TRADITIONAL)
def test_traditional_text_is_never_converted_to_traditional(text):
    assert chinese_scripts.to_traditional(text) == text


def test_the_bundled_sentences_are_all_found_to_be_traditional():
    assert [text for text in chinese_sentences() if chinese_scripts.is_simplified(text)] == []


def test_the_bundled_sentences_come_back_from_simplified_but_for_variants_of_one_character():
    changed = [t for t in chinese_sentences() if chinese_scripts.to_traditional(chinese_scripts.to_simplified(t)) != t]
    assert all("計畫" in text for text in changed)


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("谢谢大家，会议结束。", "謝謝大家，會議結束。"),
        ("软件里面", "軟件裡面"),
        ("看着群里的消息", "看著群裡的消息"),
        ("只有一只猫头鹰", "只有一隻貓頭鷹"),
        ("万一", "萬一"),
        ("机体", "機體"),
    ],
)
def test_simplified_text_becomes_taiwans_traditional_with_its_words_kept(simplified, traditional):
    assert chinese_scripts.is_simplified(simplified)
    assert chinese_scripts.to_traditional(simplified) == traditional


def test_a_text_that_both_scripts_write_alike_is_not_called_simplified():
    assert not chinese_scripts.is_simplified("田中先生在新加坡。")


def test_simplified_is_made_from_traditional():
    assert chinese_scripts.to_simplified("臺灣的軟體裡面") == "台湾的软体里面"
