"""The translators behind deep-translator's real classes, over real sockets."""

import logging
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from deep_translator import GoogleTranslator, LibreTranslator, constants

from meet.languages import READABLE
from meet.translation import google, web
from meet.translation import libre as libre_module
from meet.translation.google import Google
from meet.translation.libre import Libre
from meet.translation.provider import Ask, Refused, Unavailable, sensible
from tests.libretranslate import LibreTranslate, libre

__all__ = ["libre"]
SECRET = "the quarterly figures are bad"


@pytest.fixture
def google_page(monkeypatch):
    """A server that answers as Google's page for small devices does; `answer(text, target)` may be replaced."""

    class Page(BaseHTTPRequestHandler):
        status = 200
        page = '<div class="result-container">{}</div>'

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            body = self.page.format(f"{asked['sl'][0]}>{asked['tl'][0]}: {asked['q'][0]}").encode()
            self.send_response(self.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setitem(constants.BASE_URLS, "GOOGLE_TRANSLATE", f"http://127.0.0.1:{server.server_port}/m")
    yield Page
    server.shutdown()
    server.server_close()


def test_what_no_database_takes_is_left_out_of_an_answer():
    assert sensible("google", Ask("Hello", "en", "ja"), "こん\x00に\ud800ちは\n世界") == "こんにちは 世界"


@pytest.mark.parametrize("code", sorted(set(google.CODES.values())))
def test_googles_class_takes_each_code_of_our_table(code):
    assert GoogleTranslator(source=code, target=code).target == code


@pytest.mark.parametrize("code", sorted(set(libre_module.CODES.values())))
def test_libres_class_takes_each_code_of_our_table(code):
    assert LibreTranslator(source=code, target=code, api_key="key").target == code


@pytest.mark.parametrize("provider", [Google(), Libre("http://127.0.0.1:1")])
def test_every_language_one_can_read_is_spoken_from_every_other(provider):
    assert all(provider.speaks(a, b) for a in READABLE for b in READABLE)


def test_google_is_asked_for_taiwans_chinese_by_its_code(google_page):
    assert Google().translate(Ask("Hello", "en", "zh-Hant")) == "en>zh-TW: Hello"


def test_libre_translates_a_bundled_sentence(libre):
    answer = Libre(libre.url).translate(Ask("We need sixty-five people.", "en", "zh-Hant"))
    assert answer == "我们需要六十五个人。"


def test_libre_is_asked_in_simplified_as_its_chinese_is(libre):
    assert (
        Libre(libre.url).translate(Ask("謝謝大家，會議結束。", "zh-Hant", "en"))
        == "Thank you everyone, the meeting is over."
    )
    assert libre.asked == [("zh", "en", "谢谢大家，会议结束。")]


def test_a_key_reaches_the_libre_server():
    with LibreTranslate(api_key="sesame") as server:
        assert Libre(server.url, "sesame").translate(Ask("Hello", "en", "ja")) == "[ja] Hello"
        with pytest.raises(Refused):
            Libre(server.url, "wrong").translate(Ask("Hello", "en", "ja"))


@pytest.mark.parametrize("mode", ["429", "500", "nonsense", "gone"])
def test_a_libre_that_fails_is_unavailable_and_what_was_said_is_not_in_the_error(libre, mode):
    libre.mode = mode
    with pytest.raises(Unavailable) as caught:
        Libre(libre.url, "sesame").translate(Ask(SECRET, "en", "ja"))
    assert caught.value.retryable
    assert SECRET not in _everything(caught.value)
    assert "sesame" not in _everything(caught.value)


def test_a_libre_without_the_language_refuses(libre):
    with pytest.raises(Refused):
        Libre(libre.url).translate(Ask("Hello", "en", "fr"))


def test_nobody_listening_is_unavailable():
    with pytest.raises(Unavailable):
        Libre("http://127.0.0.1:1").translate(Ask(SECRET, "en", "ja"))


@pytest.mark.parametrize(("status", "page"), [(429, ""), (503, ""), (200, "<p>Before you continue {}</p>")])
def test_a_google_that_blocks_is_unavailable_and_what_was_said_is_not_in_the_error(google_page, status, page):
    google_page.status, google_page.page = status, page
    with pytest.raises(Unavailable) as caught:
        Google().translate(Ask(SECRET, "en", "ja"))
    assert SECRET not in _everything(caught.value)


def test_a_server_that_takes_its_time_is_given_up(libre, monkeypatch):
    monkeypatch.setattr(web, "READ_SECONDS", 0.3)
    libre.mode = "slow"
    began = time.monotonic()
    with pytest.raises(Unavailable):
        Libre(libre.url).translate(Ask("Hello", "en", "ja"))
    assert time.monotonic() - began < 2


def test_the_time_limits_are_three_seconds_and_seven():
    assert (web.CONNECT_SECONDS, web.READ_SECONDS) == (3, 7)


def test_nothing_said_is_logged(libre, caplog):
    caplog.set_level(logging.DEBUG)
    Libre(libre.url, "sesame").translate(Ask(SECRET, "en", "ja"))
    assert SECRET not in caplog.text
    assert "sesame" not in caplog.text


def _everything(error: BaseException) -> str:
    return f"{error!r} {error} {error.__cause__!r} {'' if error.__suppress_context__ else error.__context__!r}"
