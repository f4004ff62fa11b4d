"""speech.server.app: a clip in, text out, over HTTP, from a process of its own; what is wrong is said."""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from speech.audio import codec
from speech.server import app
from speech.server.node import Answer
from speech.transcription.transcription import Request
from tests.meeting.product import until
from tests.speech import sounds
from tests.speech_process import Speech


def ask(http: httpx.Client, data: bytes, **query: object) -> httpx.Response:
    return http.post("/transcribe/binary", params={k: str(v) for k, v in query.items()}, content=data)


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
@pytest.mark.parametrize(("make", "ext"), [(sounds.webm, "webm"), (sounds.mp4, "mp4"), (codec.as_wav, "wav")])
def test_a_spoken_sentence_comes_back_to_the_letter(http, language, make, ext):
    sentence = sounds.sentences(language)[0]
    answer = ask(http, make(sentence.audio), ext=ext, priority="final", clip="3f2a", deadline=4000).json()
    assert answer["success"]
    assert (answer["text"], answer["language"], answer["silent"]) == (sentence.text, language, None)
    assert answer["duration"] == pytest.approx(sentence.seconds, abs=0.07)
    assert answer["suppressed"] is None
    assert answer["avg_logprob"] > -1
    assert answer["no_speech_prob"] < 0.1
    assert answer["process_time"] > 0
    assert "segments" not in answer


def test_segments_come_with_timestamps(http):
    sentence = sounds.sentences("ja")[0]
    answer = ask(http, sentence.data, timestamps="true").json()
    assert [s["text"] for s in answer["segments"]] == [sentence.text]
    assert answer["segments"][0]["start"] < answer["segments"][0]["end"] <= answer["duration"] + 0.02


def test_a_file_is_heard_as_a_form(http):
    sentence = sounds.sentences("zh")[0]
    fields = {"language": "zh", "timestamps": "true", "script": "Hans"}
    answer = http.post("/transcribe/file", files={"file": ("a.wav", sentence.data)}, data=fields).json()
    assert answer["success"]
    assert answer["text"].startswith("谢谢大家")
    assert answer["segments"]


def test_a_form_without_a_file_is_refused(http):
    answer = http.post("/transcribe/file", data={"language": "zh"})
    assert answer.status_code == 400
    assert answer.json()["success"] is False


def test_what_lies_before_keep_from_and_after_keep_to_is_not_heard(http):
    first, second = sounds.sentences("en")[:2]
    silence = np.zeros(16_000, np.float32)
    data = sounds.webm(np.concatenate([first.audio, silence, second.audio]))
    edge = round(first.seconds * 1000 + 500)
    assert ask(http, data, keep_to=edge, priority="final").json()["text"] == first.text
    assert ask(http, data, keep_from=edge, priority="final").json()["text"] == second.text


@pytest.mark.parametrize(
    "audio",
    [np.zeros(16_000 * 5, np.float32), sounds.noise("fan", 20.0, 0.03), sounds.noise("white", 5.0, 0.003)],
    ids=["silence", "fan", "white"],
)
def test_a_clip_without_speech_is_silent(http, audio):
    answer = ask(http, sounds.webm(audio), priority="final").json()
    assert answer["success"]
    assert (answer["text"], answer["silent"]) == ("", "no-speech")


@pytest.mark.parametrize(
    ("data", "query", "status"),
    [
        (b"", {}, 400),
        (b"no audio in here", {}, 400),
        (sounds.sentences()[0].data, {"language": "fr"}, 400),
        (sounds.sentences()[0].data, {"task": "sing"}, 400),
        (sounds.sentences()[0].data, {"priority": "urgent"}, 400),
        (sounds.sentences()[0].data, {"keep_from": "soon"}, 400),
        (sounds.sentences()[0].data, {"keep_to": "-4"}, 400),
        (sounds.sentences()[0].data, {"script": "Cyrl"}, 400),
        (codec.as_wav(np.zeros(16_000 * 60, np.float32)), {"priority": "final"}, 413),
        (bytes(33 << 20), {"priority": "final"}, 413),
    ],
)
def test_what_cannot_be_heard_is_refused_with_a_reason_and_is_not_to_be_sent_again(http, data, query, status):
    answer = ask(http, data, **query)
    assert answer.status_code == status
    shown = answer.json()
    assert shown["success"] is False
    assert shown["retryable"] is False
    assert shown["error"]


def test_an_unknown_address_answers_in_json(http):
    answer = http.get("/nothing")
    assert answer.status_code == 404
    assert answer.json()["success"] is False


def test_eight_requests_at_once_are_all_answered_with_their_own_text(http):
    chosen = sounds.sentences()[:8]
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda s: ask(http, s.data, priority="final").json()["text"], chosen))
    assert answers == [s.text for s in chosen]


def test_a_caller_that_hangs_up_does_not_stop_the_next(http):
    long = codec.as_wav(np.concatenate([s.audio for s in sounds.sentences("en")[:10]]))
    with pytest.raises(httpx.ReadTimeout):
        http.post("/transcribe/binary", content=long, timeout=httpx.Timeout(60, read=0.01))
    sentence = sounds.sentences("en")[0]
    assert ask(http, sentence.data, priority="final").json()["text"] == sentence.text


def test_health_models_and_capabilities_say_what_there_is(http):
    health = http.get("/health").json()
    assert {k: health[k] for k in ("status", "model", "demo", "engine")} == {
        "status": "ok", "model": "demo", "demo": True, "engine": "whisper",
    }  # fmt: skip
    assert http.get("/models").json() == {"models": [{"name": "demo", "demo": True}]}
    can = http.get("/capabilities").json()
    assert can["languages"] == ["en", "ja", "zh"]
    assert can["trims"]
    assert can["gates"]
    assert can["translates"]
    assert can["demo"]
    assert can["max_seconds"] == 20.0
    assert "webm" in can["decodes"]
    assert http.get("/livez").text == "ok"


def test_no_spoken_word_reaches_the_log(http, speech):
    sentence = sounds.sentences("en")[2]
    ask(http, sentence.data, priority="final", clip="77aa", prompt="Confidential words")
    until(lambda: any("77aa" in line for line in speech.said), 10, lambda: "its log does not name the clip")
    log = "\n".join(speech.said)
    assert "Confidential" not in log
    assert not any(s.text in log for s in sounds.sentences())


def test_it_listens_at_once_and_says_that_it_is_loading_until_it_is_ready():
    with Speech() as process:
        early = httpx.get(process.address + "/health")
        clip = httpx.post(process.address + "/transcribe/binary", content=sounds.sentences()[0].data)
        assert early.status_code == clip.status_code == 503
        assert early.json() == {"status": "loading"}
        assert clip.json()["retryable"]
        assert clip.headers["retry-after"]
        assert httpx.get(process.address + "/livez").status_code == 200
        assert process.until_ready()["status"] == "ok"


def test_a_token_is_asked_for_everywhere_but_livez():
    with Speech(SPEECH_TOKEN="right") as process:
        process.headers = {"Authorization": "Bearer right"}
        process.until_ready()
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "right"}):
            for path in ("/health", "/models", "/capabilities"):
                assert httpx.get(process.address + path, headers=wrong).status_code == 401
            refused = httpx.post(process.address + "/transcribe/binary", content=b"x", headers=wrong)
            assert refused.status_code == 401
            assert refused.json()["retryable"] is False
        assert httpx.get(process.address + "/livez").status_code == 200
        sentence = sounds.sentences("en")[0]
        heard = httpx.post(
            process.address + "/transcribe/binary", content=sentence.data, headers=process.headers, timeout=60
        )
        assert heard.json()["text"] == sentence.text


class Occupied:
    """A node that is at work on whatever it was given until it is told to be done."""

    def __init__(self) -> None:
        self.config, self.engine, self.done = SimpleNamespace(token=""), None, asyncio.Event()

    async def hear(self, request: Request, first: object) -> Answer:
        await self.done.wait()
        return Answer("said", "en", 1.0, None, None, 0.0, 1.0, 0.0, ())


async def test_recordings_have_room_for_so_much_together_and_live_speech_always(monkeypatch):
    monkeypatch.setattr(app, "HELD_BYTES", 1000)
    node = Occupied()
    wire = httpx.ASGITransport(app.create_app(node))
    async with httpx.AsyncClient(transport=wire, base_url="http://speech") as client:

        def send(size, **query):
            return asyncio.create_task(client.post("/transcribe/binary", params=query, content=bytes(size)))

        async def held(size):
            async with asyncio.timeout(30):
                while wire.app._app.state.held != size:  # noqa: ASYNC110 - it is counted, not told
                    await asyncio.sleep(0.01)

        waiting = send(900)
        await held(900)
        form = client.post("/transcribe/file", params={"priority": "final"}, files={"file": ("a.wav", bytes(100))})
        for refused in (await send(200), await form):
            assert (refused.status_code, refused.json()["retryable"]) == (503, True)
            assert refused.headers["Retry-After"]
        live = send(600, priority="final")
        await asyncio.sleep(0.1)
        node.done.set()
        assert [(await one).json()["text"] for one in (waiting, live)] == ["said", "said"]
        assert (await send(900)).status_code == 200  # what was held is given back, of those that were refused too
        assert wire.app._app.state.held == 0


def test_a_caller_that_hangs_up_while_sending_is_no_error(http, speech):
    parts = urlsplit(speech.address)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.sendall(b"POST /transcribe/binary HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc")
        time.sleep(0.2)
    time.sleep(0.2)
    assert ask(http, sounds.sentences("en")[0].data, priority="final").json()["success"]
    assert "Traceback" not in "\n".join(speech.said)
