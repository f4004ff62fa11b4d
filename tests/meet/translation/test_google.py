"""Google, as it is asked."""

from deep_translator import GoogleTranslator

from meet.translation import google
from meet.translation.google import Google
from meet.translation.provider import TranslationRequest


def test_its_class_takes_each_code_of_our_table():
    codes = sorted(google.CODES.values())
    assert [GoogleTranslator(source=code, target=code).target for code in codes] == codes


def test_it_is_asked_for_taiwans_chinese_by_its_code(serving):
    with serving("google"):
        assert Google().translate(TranslationRequest("Hello", "en", "zh-Hant")) == "[zh-TW] Hello"


def test_no_address_is_longer_than_servers_take(serving):
    with serving("google") as server:
        Google().translate(TranslationRequest("我們需要六十五個人。" * 800, "zh-Hant", "en"))
    assert len(server.asked) > 1
    assert all(len(request.query["q"].encode()) * 3 < 14_000 for request in server.asked)
