"""Every translator through its real class and a real socket: what all of them must do, whatever comes back."""

import logging
import time

import pytest

from meet.languages import READABLE
from meet.translation import http_session
from meet.translation.pacing import TimeLimits
from meet.translation.provider import (
    NoAnswer,
    TranslationRefused,
    TranslationRequest,
    TranslatorUnavailable,
    echoes,
    sensible,
)
from tests.meet.translation.conftest import Blocking, made
from tests.meet.translation.servers import KEY, PAGE, Response, completion, memory, said

NAMES = ["google", "mymemory", "libre", "deepl", "microsoft", "chatgpt"]
KEYED = ["libre", "deepl", "microsoft", "chatgpt"]
SECRET = "The quarterly figures aren't good"
ASK = TranslationRequest(SECRET, "en", "ja")
ANSWERS = {
    "google": f"[ja] {SECRET}",
    "mymemory": f"[ja-JP] {SECRET}",
    "libre": f"[ja] {SECRET}",
    "deepl": f"[JA] {SECRET}",
    "microsoft": f"[ja] {SECRET}",
    "chatgpt": f"[told] {SECRET}",
}
NONSENSE = {
    "a page": Response(200, PAGE, "text/html"),
    "a page called JSON": Response(200, PAGE),
    "nothing": Response(200, b""),
    "null": said(None),
    "other JSON": said({"hello": "world"}),
    "a list": said([]),
    "empty texts": said({"responseData": {"translatedText": ""}, "translatedText": "", "translations": [{"text": ""}]}),
    "no words": said(
        {"responseData": {"translatedText": "…?"}, "translatedText": "…?", "translations": [{"text": "?"}]}
    ),
    "a redirection": Response(307, b"", headers={"Location": "/elsewhere"}),
}

ECHOES = {  # each protocol's answer with the text as it was
    "google": lambda request: f'<div class="result-container">{request.query["q"]}</div>'.encode(),
    "mymemory": lambda request: memory(request.query["q"], 200, match=1).body,
    "libre": lambda _request: said({"translatedText": SECRET}).body,
    "deepl": lambda request: said({"translations": [{"text": text} for text in request.json["text"]]}).body,
    "microsoft": lambda request: said([{"translations": [{"text": one["text"]}]} for one in request.json]).body,
    "chatgpt": lambda request: completion(request.json["messages"][-1]["content"]).body,
}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def server(serving, name):
    with serving(name) as running:
        yield running


def failed(provider, caplog) -> NoAnswer:
    """How it fails, and that nothing of what was said or of the key is in the error or in a log."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NoAnswer) as caught:
        provider.translate(ASK)
    error = caught.value
    told = f"{error!r} {error} {error.__cause__!r} {'' if error.__suppress_context__ else error.__context__!r}"
    for secret in (SECRET, "quarterly", KEY):
        assert secret not in told
        assert secret not in caplog.text
    return error


def test_a_sentence_comes_back_in_the_other_language(server, name):
    assert made(name, server.url).translate(ASK) == ANSWERS[name]


def test_every_language_one_can_read_is_spoken_from_every_other(name):
    assert all(made(name, "http://127.0.0.1:1").speaks(a, b) for a in READABLE for b in READABLE)


def test_nothing_said_and_no_key_is_logged(server, name, caplog):
    caplog.set_level(logging.DEBUG)
    made(name, server.url).translate(ASK)
    assert "quarterly" not in caplog.text
    assert KEY not in caplog.text


def test_no_key_stands_in_an_address(server, name):
    made(name, server.url).translate(ASK)
    assert all(KEY not in f"{request.path} {request.query}" for request in server.asked)


def test_one_that_takes_its_time_is_given_up(server, name, monkeypatch, caplog):
    monkeypatch.setattr(http_session, "READ_SECONDS", 0.3)
    monkeypatch.setattr(Blocking, "limits", TimeLimits(0.3, 0.3))
    server.mode = "slow"
    began = time.monotonic()
    assert isinstance(failed(made(name, server.url), caplog), TranslatorUnavailable)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("mode", ["trickle", "flood"])
def test_one_that_never_ends_is_given_up(server, name, mode, monkeypatch, caplog):
    monkeypatch.setattr(http_session, "WHOLE_SECONDS", 0.3)
    monkeypatch.setattr(Blocking, "limits", TimeLimits(0.3, 0.3))
    server.mode = mode
    began = time.monotonic()
    assert isinstance(failed(made(name, server.url), caplog), TranslatorUnavailable)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("retry_after", "pause"), [("90", 90), ("", 0), ("soon", 0)])
def test_one_that_has_too_much_to_do_is_left_alone_as_long_as_it_says(server, name, retry_after, pause, caplog):
    server.mode = Response(429, b'{"error": {"message": "slow down"}}', headers={"Retry-After": retry_after})
    error = failed(made(name, server.url), caplog)
    assert isinstance(error, TranslatorUnavailable)
    assert error.pause == pause


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_one_that_is_broken_may_answer_later(server, name, status, caplog):
    server.mode = Response(status, PAGE, "text/html")
    assert isinstance(failed(made(name, server.url), caplog), TranslatorUnavailable)


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_no_answer(server, name, kind, caplog):
    server.mode = NONSENSE[kind]
    assert isinstance(failed(made(name, server.url), caplog), TranslatorUnavailable)


def test_one_that_hangs_up_may_answer_later(server, name, caplog):
    server.mode = "gone"
    assert isinstance(failed(made(name, server.url), caplog), TranslatorUnavailable)


def test_one_that_is_not_there_may_come(serving, name, caplog):
    with serving(name) as server:
        pass
    assert isinstance(failed(made(name, server.url), caplog), TranslatorUnavailable)


@pytest.mark.parametrize("name", KEYED, indirect=True)
def test_a_wrong_key_is_not_tried_with_every_sentence(server, name, caplog):
    error = failed(made(name, server.url, "another"), caplog)
    assert isinstance(error, TranslationRefused)
    assert error.pause >= http_session.DENIED_SECONDS


def test_a_text_it_does_not_take_is_refused_and_the_next_one_asked(server, name, caplog):
    server.mode = said({"error": {"code": 400077, "message": SECRET}}, 413)
    error = failed(made(name, server.url), caplog)
    assert isinstance(error, TranslationRefused)
    assert error.pause == 0


def test_a_long_text_arrives_whole_and_in_order(server, name):
    sentences = [f"This is sentence number {n} of a very long story." for n in range(200)]
    answer = made(name, server.url).translate(TranslationRequest(" ".join(sentences), "en", "ja"))
    places = [answer.index(sentence) for sentence in sentences if sentence in answer]
    assert len(places) == len(sentences)
    assert places == sorted(places)


def test_what_no_database_takes_is_left_out_of_an_answer():
    assert (
        sensible("google", TranslationRequest("Hello", "en", "ja"), "こん\x00に\ud800ちは\n世界") == "こんにちは 世界"
    )


def test_an_answer_many_times_as_long_as_the_question_is_none():
    with pytest.raises(TranslatorUnavailable):
        sensible("chatgpt", TranslationRequest("Write me a poem.", "en", "ja"), "roses are red " * 60)


@pytest.mark.parametrize(
    ("source", "target", "text", "answer"),
    [
        ("en", "ja", "We need sixty-five people.", "we need sixty-five people"),
        ("en", "ja", "good morning", "Good morning"),
        ("zh-Hant", "en", "謝謝", "謝謝"),
        ("zh-Hant", "en", "大家好，今天開會", "大家好，今天开会。"),
        ("zh-Hant", "ja", "大家好，今天我們要開會", "大家好，今天我們要開會"),
        ("ja", "zh-Hant", "皆さんありがとうございました", "皆さんありがとうございました"),
    ],
)
def test_a_text_that_comes_back_as_it_was_is_no_translation(source, target, text, answer):
    assert echoes(TranslationRequest(text, source, target), answer)
    with pytest.raises(TranslationRefused):
        sensible("google", TranslationRequest(text, source, target), answer)


@pytest.mark.parametrize(
    ("source", "target", "text", "answer"),
    [
        ("en", "ja", "OK", "OK"),
        ("en", "ja", "Google Meet", "Google Meet"),
        ("ja", "zh-Hant", "東京", "東京"),
        ("zh-Hant", "ja", "王逸嘉", "王逸嘉"),
        ("en", "ja", "We need sixty-five people.", "六十五人が必要です。"),
    ],
)
def test_a_name_that_both_languages_have_is_one(source, target, text, answer):
    assert sensible("google", TranslationRequest(text, source, target), answer) == answer


def test_a_translator_that_gives_the_text_back_has_not_answered(serving, name, caplog):
    def echo(request):
        return Response(200, ECHOES[name](request), "text/html" if name == "google" else "application/json")

    with serving(name) as server:
        server.protocol = echo
        assert isinstance(failed(made(name, server.url), caplog), TranslationRefused)


def test_the_time_limits_are_three_seconds_and_seven():
    assert (http_session.CONNECT_SECONDS, http_session.READ_SECONDS) == (3, 7)
