"""What is promised with a caption."""

from meet.translation import Planned, plan, possible


def test_chinese_has_its_other_script_at_once_and_the_rest_promised(settings):
    settings.TRANSLATOR = ["google"]
    assert plan("zh-Hant", "謝謝大家") == [
        Planned("zh-Hans", "谢谢大家", "opencc"),
        Planned("en", "", ""),
        Planned("ja", "", ""),
    ]


def test_without_a_translator_only_what_is_made_here_is_promised(settings):
    settings.TRANSLATOR = ["off"]
    assert plan("zh-Hant", "謝謝") == [Planned("zh-Hans", "谢谢", "opencc")]
    assert plan("en", "Hello") == []


def test_a_language_no_translator_knows_is_not_promised(settings):
    settings.TRANSLATOR = ["libre"]
    settings.LIBRE_URL = "http://127.0.0.1:1"
    assert plan("sv", "Hej") == []


def test_only_the_languages_asked_for_are_promised(settings):
    settings.TRANSLATOR = ["google"]
    settings.TRANSLATE_TO = ["ja"]
    assert [planned.language for planned in plan("en", "Hello")] == ["ja"]


def test_what_has_no_letters_is_the_same_in_every_language(settings):
    settings.TRANSLATOR = ["google"]
    assert {planned.text for planned in plan("en", "3, 2, 1!")} == {"3, 2, 1!"}


def test_nothing_said_promises_nothing(settings):
    settings.TRANSLATOR = ["google"]
    assert plan("en", "") == []


def test_who_translates_between_two_languages_is_asked_of_the_settings_of_now(settings):
    settings.TRANSLATOR = ["google"]
    assert possible("en", "ja")
    settings.TRANSLATOR = ["off"]
    assert not possible("en", "ja")
