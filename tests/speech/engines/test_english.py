"""The English of a clip beside its text: one more decoding of what the encoder gave, and only where it is asked for."""

from __future__ import annotations

import pytest

from speech.audio import codec
from speech.audio.samples import Span
from speech.config import Config
from speech.engines import SILENCE, Capabilities, Hypothesis, Options, Row, english
from speech.queue.turns import Priority
from speech.server.node import Node, Request
from speech.transcription.recording import Clip, joined
from tests.speech import sounds

ASKED = Options(english=True)
CAN = Capabilities(languages=("en", "ja", "zh"), translates=True)


@pytest.fixture(params=["whisper", "faster-whisper"])
def either(request, engine, tmp_path_factory):
    """Each engine with the bundled model."""
    if request.param == "whisper":
        return engine
    from speech import loading

    folder = tmp_path_factory.mktemp("models")
    asked = Config(model="demo", model_dir=folder, device="cpu", engine="faster-whisper", dtype="float32")
    return loading.load(asked, lambda line: None)


def test_english_comes_beside_a_text_in_another_language_and_is_what_translating_gives(either):
    audio = sounds.sentences("zh")[0].audio
    [beside, text, translated] = either.transcribe(
        [Row(audio, ASKED), Row(audio, Options()), Row(audio, Options(language="zh", task="translate"))]
    )
    assert "meeting" in beside.english
    assert beside.english == translated.text
    assert (beside.text, beside.language, text.english) == (text.text, "zh", "")


def test_english_speech_gets_no_second_english(either):
    sentence = sounds.sentences("en")[0]
    [heard] = either.transcribe([Row(sentence.audio, ASKED)])
    assert (heard.text, heard.english) == (sentence.text, "")


def test_rows_of_a_batch_each_get_what_they_asked_for(either):
    zh, ja, en = (sounds.sentences(language)[0].audio for language in ("zh", "ja", "en"))
    options = [ASKED, Options(), ASKED, Options(english=True, timestamps=True, prompt="會議")]
    heard = either.transcribe([Row(audio, one) for audio, one in zip((zh, ja, en, ja), options, strict=True)])
    assert [bool(one.english) for one in heard] == [True, False, False, True]
    assert heard[3].text == sounds.sentences("ja")[0].text
    assert heard[3].english.isascii()


def test_the_encoder_runs_once_for_text_and_english(engine, monkeypatch):
    runs, encode = [], engine._whisper.encode

    def counted(mel):
        runs.append(len(mel))
        return encode(mel)

    monkeypatch.setattr(engine._whisper, "encode", counted)
    engine.transcribe([Row(sounds.sentences(language)[0].audio, ASKED) for language in ("zh", "ja")])
    assert runs == [2]


@pytest.mark.parametrize(
    ("options", "heard", "can"),
    [
        (Options(), Hypothesis("大家好", "zh"), CAN),
        (ASKED, Hypothesis("Hello", "en"), CAN),
        (ASKED, Hypothesis("", "zh"), CAN),
        (Options(english=True, task="translate"), Hypothesis("Hello", "zh"), CAN),
        (ASKED, Hypothesis("大家好", "zh"), Capabilities(languages=("zh",), translates=False)),
    ],
    ids=["not asked", "English", "nothing heard", "translated already", "a model that does not translate"],
)
def test_no_english_is_made_where_there_is_none_to_make(options, heard, can):
    assert not english.wanted(Row(SILENCE, options), heard, can)
    assert english.wanted(Row(SILENCE, ASKED), Hypothesis("大家好", "zh"), CAN)


def test_english_that_only_repeats_itself_is_none():
    assert english.believed(Hypothesis("so so so so so", "zh", compression_ratio=3.0)) == ""
    assert english.believed(Hypothesis("Thank you all.", "zh", avg_logprob=-1.2)) == "Thank you all."


def test_what_was_written_down_instead_of_translated_is_no_english():
    assert english.believed(Hypothesis("週一到週五每天早上 live", "zh")) == ""
    assert english.believed(Hypothesis("We met 王逸嘉 at the café.", "zh")) == "We met 王逸嘉 at the café."
    assert english.believed(Hypothesis("1300259848", "zh")) == "1300259848"


def said(text: str, language: str, translated: str = "") -> Hypothesis:
    return Hypothesis(text, language, english=translated)


@pytest.mark.parametrize(
    ("heard", "whole"),
    [
        ([said("大家好", "zh", "Hello."), said("再見", "zh", "Bye.")], "Hello. Bye."),
        ([said("大家好", "zh", "Hello."), said("Fine.", "en")], "Hello. Fine."),
        ([said("大家好", "zh", "Hello."), said("再見", "zh")], ""),
        ([said("Fine.", "en"), said("Bye.", "en")], ""),
    ],
    ids=["each has its own", "one is English", "one lacks it", "all are English"],
)
def test_the_english_of_a_recording_is_that_of_its_clips_or_none(heard, whole):
    clips = [Clip(at, SILENCE, (Span(0.0, 0.5),)) for at in range(len(heard))]
    assert joined(clips, heard).english == whole


async def test_a_node_answers_with_the_english_where_it_is_asked_for(engine):
    node = Node(Config(model="demo"), lambda: engine)
    await node.start()
    try:
        sentence = sounds.sentences("zh")[0]
        answer = await node.hear(Request(codec.as_wav(sentence.audio), ASKED, Priority.FINAL))
        long = await node.hear(Request(codec.as_wav(sounds.told([sentence] * 2, pause=1.3)), ASKED))
    finally:
        await node.stop()
    assert (answer.text, "meeting" in answer.english) == (sentence.text, True)
    assert long.english.count("meeting") == 2


def test_a_server_says_that_its_model_translates_and_answers_with_the_english(http):
    sentence = sounds.sentences("zh")[0]
    assert http.get("/health").json()["translates"] is True
    asked = http.post("/transcribe/binary", params={"english": "true", "priority": "final"}, content=sentence.data)
    assert "meeting" in asked.json()["english"]
    plain = http.post("/transcribe/binary", params={"priority": "final"}, content=sentence.data)
    assert plain.json()["english"] == ""
    assert http.post("/transcribe/binary", params={"english": "perhaps"}, content=sentence.data).status_code == 400
