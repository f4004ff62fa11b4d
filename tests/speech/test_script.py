"""speech.script: Chinese comes in the script that was asked for, and is otherwise left alone."""

from __future__ import annotations

import pytest

from speech import script


@pytest.mark.parametrize(
    ("text", "wanted", "written"),
    [
        ("软件开发计划", "Hant", "軟件開發計劃"),
        ("計畫在台北開始", "Hant", "計畫在台北開始"),
        ("皇后在公里外面", "zh-Hant", "皇后在公里外面"),
        ("謝謝大家,會議結束。", "Hans", "谢谢大家,会议结束。"),
        ("這个会议", "Hant", "這個會議"),
        ("谢谢大家", "", "谢谢大家"),
        ("谢谢大家", "zh-TW", "謝謝大家"),
    ],
)
def test_text_is_written_in_the_script_that_was_asked_for(text, wanted, written):
    assert script.written(text, wanted) == written


def test_other_scripts_are_not_known():
    assert not script.known("Cyrl")
    assert script.known("hANT")
    assert script.known("")
