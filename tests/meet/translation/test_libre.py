"""LibreTranslate, as it is asked."""

import pytest
from deep_translator import LibreTranslator

from meet.translation import libre as module
from meet.translation.libre import Libre
from meet.translation.provider import TranslationRefused, TranslationRequest
from tests.libretranslate import LibreTranslate, libre

__all__ = ["libre"]


def test_its_class_takes_each_code_of_our_table():
    codes = sorted(module.CODES.values())
    assert [LibreTranslator(source=code, target=code, api_key="key").target for code in codes] == codes


def test_it_translates_a_bundled_sentence(libre):
    answer = Libre(libre.url).translate(TranslationRequest("We need sixty-five people.", "en", "zh-Hant"))
    assert answer == "我们需要六十五个人。"


def test_it_is_asked_in_simplified_as_its_chinese_is(libre):
    answer = Libre(libre.url).translate(TranslationRequest("謝謝大家，會議結束。", "zh-Hant", "en"))
    assert answer == "Thank you everyone, the meeting is over."
    assert libre.asked == [("zh", "en", "谢谢大家，会议结束。")]


def test_a_key_reaches_it():
    with LibreTranslate(api_key="sesame") as server:
        assert Libre(server.url, "sesame").translate(TranslationRequest("Hello", "en", "ja")) == "[ja] Hello"
        with pytest.raises(TranslationRefused):
            Libre(server.url, "wrong").translate(TranslationRequest("Hello", "en", "ja"))


def test_one_without_the_language_refuses(libre):
    with pytest.raises(TranslationRefused):
        Libre(libre.url).translate(TranslationRequest("Hello", "en", "fr"))
