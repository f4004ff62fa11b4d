"""A model of English alone (`tiny.en` and its like), by name and by path; and any other `.pt` by its path."""

from __future__ import annotations

import shutil

import httpx
import pytest

from speech import loading
from speech.config import Config
from speech.engines import Options, Row
from speech.engines.whisper import WhisperEngine
from speech.models import choice
from speech.models.source import file_sha256
from speech.server.node import Node, UnknownLanguage
from speech.transcription.transcription import Request
from tests.speech import sounds
from tests.speech.checkpoints import ENGLISH_ONLY, MULTILINGUAL, random_checkpoint
from tests.speech_process import Speech

QUICK = Options(fallback=False)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A file as `tiny.en.pt` is one."""
    return random_checkpoint(tmp_path_factory.mktemp("models") / "tiny.en.pt", ENGLISH_ONLY)


@pytest.fixture(scope="module")
def english(checkpoint):
    return WhisperEngine(checkpoint, model="tiny.en", demo=False, device="cpu", dtype="float32")


def test_it_says_that_it_knows_english_alone_and_does_not_translate(english):
    assert english.capabilities.languages == ("en",)
    assert not english.capabilities.translates


def test_nothing_is_detected_everything_is_english(english):
    heard = english.transcribe([Row(sounds.sentences(code)[0].audio, QUICK) for code in ("zh", "en")])
    assert [one.language for one in heard] == ["en", "en"]


def test_it_writes_time_stamps_too(english):
    audio = sounds.sentences("en")[0].audio
    (heard,) = english.transcribe([Row(audio, Options(language="en", timestamps=True, fallback=False))])
    assert all(0 <= one.start <= one.end <= len(audio) / 16_000 for one in heard.segments)


async def test_speech_in_another_language_is_refused_for_that_reason(english):
    node = Node(Config(), lambda: english)
    await node.start()
    try:
        data = sounds.sentences("zh")[0].data
        for options in (Options(language="zh"), Options(languages=("ja", "zh"))):
            with pytest.raises(UnknownLanguage, match="only en") as caught:
                await node.hear(Request(data, options))
            assert (caught.value.reason, caught.value.retryable) == ("unknown_language", False)
    finally:
        await node.stop()


def test_it_serves_from_its_path_and_says_what_it_knows(checkpoint):
    with Speech(WHISPER_MODEL=str(checkpoint)) as process:
        health = process.until_ready()
        assert (health["model"], health["languages"], health["demo"]) == ("tiny.en.pt", ["en"], False)
        address = process.address + "/transcribe/binary?priority=partial&language="
        data = sounds.sentences("en")[0].data
        assert httpx.post(address + "en", content=data, timeout=60).json()["language"] == "en"
        assert httpx.post(address, content=data, timeout=60).json()["language"] == "en"
        refused = httpx.post(address + "zh", content=data, timeout=60)
        assert refused.status_code == 400
        assert refused.json()["reason"] == "unknown_language"


@pytest.mark.parametrize(("name", "vocabulary"), [("tiny.en", ENGLISH_ONLY), ("tiny", MULTILINGUAL)])
def test_by_its_name_it_is_found_in_the_folder_of_models(tmp_path, monkeypatch, name, vocabulary):
    import whisper

    path = random_checkpoint(tmp_path / f"{name}.pt", vocabulary)
    address = f"https://models.invalid/{file_sha256(path)}/{name}.pt"
    monkeypatch.setitem(whisper._MODELS, name, address)  # the real file's checksum is another
    engine = loading.load(Config(model=name, model_dir=tmp_path, device="cpu"), print)
    assert engine.model == name
    assert (engine.capabilities.languages == ("en",)) == name.endswith(".en")


def test_a_copy_of_the_bundled_model_works_by_its_path_and_is_still_called_a_trial(tmp_path):
    path = tmp_path / "own.pt"
    shutil.copy(choice.DEMO, path)
    engine = loading.load(Config(model=str(path), device="cpu"), print)
    sentence = sounds.sentences("zh")[0]
    assert engine.transcribe([Row(sentence.audio)])[0].text == sentence.text
    assert engine.demo
    assert engine.capabilities.languages == ("en", "ja", "zh")
