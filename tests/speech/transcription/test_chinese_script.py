"""speech.transcription.chinese_script: Chinese comes in the script that was asked for, and is otherwise left alone."""

from __future__ import annotations

import pytest

from meet.translation import chinese_scripts
from speech.transcription import chinese_script


@pytest.mark.parametrize(
    ("text", "wanted", "written"),
    [
        ("软件开发计划", "Hant", "軟件開發計劃"),
        ("計畫在台北開始", "Hant", "計畫在台北開始"),
        ("皇后在公里外面", "zh-Hant", "皇后在公里外面"),
        ("謝謝大家,會議結束。", "Hans", "谢谢大家,会议结束。"),
        ("這个会议", "Hant", "這個會議"),
        ("台北的群組", "Hant", "台北的群組"),
        ("莊先生在岩石和床邊,台北", "Hant", "莊先生在岩石和床邊,台北"),
        ("谢谢大家", "", "谢谢大家"),
        ("谢谢大家", "zh-TW", "謝謝大家"),
    ],
)
def test_text_is_written_in_the_script_that_was_asked_for(text, wanted, written):
    assert chinese_script.written(text, wanted) == written


def test_other_scripts_are_not_known():
    assert not chinese_script.known("Cyrl")
    assert chinese_script.known("hANT")
    assert chinese_script.known("")


def test_both_tiers_call_the_same_characters_simplified():
    assert {
        c for c in map(chr, chinese_script.HAN) if chinese_script.is_simplified(c) != chinese_scripts.is_simplified(c)
    } == set()


@pytest.mark.parametrize(
    "text", ["软件开发计划", "計畫在台北開始", "這个会议", "他要著手準備", "裡面的群組", "后天见面"]
)
def test_both_tiers_write_a_text_alike(text):
    assert chinese_script.written(text, "Hant") == chinese_scripts.in_script(text, "zh-Hant")
    assert chinese_script.written(text, "Hans") == chinese_scripts.in_script(text, "zh-Hans")


def test_neighbouring_parts_are_written_as_the_whole_is():
    parts = ["头", "发", "和", "出", "发", ""]
    assert chinese_script.written_apart(parts, "Hant") == ["頭", "髮", "和", "出", "發", ""]
    assert chinese_script.written_apart(parts, "") == parts
    assert chinese_script.written_apart([], "Hans") == []
