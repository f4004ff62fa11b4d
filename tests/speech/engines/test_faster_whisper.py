"""speech.engines.faster_whisper: the bundled model, converted here, writes its sentences to the letter there too."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest

from speech import loading
from speech.config import BadSetting, Config
from speech.diagnosis import diagnosis
from speech.engines import Engine, EngineError, Hypothesis, Options, Row
from speech.engines.faster_whisper import FasterWhisperEngine
from speech.models import choice
from tests.speech import sounds
from tests.speech_process import Speech

THIRTY_ONE_SECONDS = 16_000 * 31


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory) -> Path:
    """WHISPER_MODEL_DIR, with whatever is converted in it."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def asked(model_dir) -> Config:
    return Config(model="demo", model_dir=model_dir, device="cpu", engine="faster-whisper")


@pytest.fixture(scope="module")
def faster(asked) -> Engine:
    """As a user has it on a processor: int8."""
    return loading.load(asked, lambda line: None)


@pytest.fixture(scope="module")
def exact(faster, model_dir) -> FasterWhisperEngine:
    """The same weights in single precision."""
    [folder] = (model_dir / "ctranslate2").iterdir()
    return FasterWhisperEngine(folder, model="demo", demo=True, device="cpu", dtype="float32")


def hear(engine, rows):
    """What an engine hears in rows, none of which it may refuse."""
    outcomes = engine.transcribe(rows)
    assert all(isinstance(outcome, Hypothesis) for outcome in outcomes), outcomes
    return outcomes


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
@pytest.mark.parametrize("given", [True, False], ids=["given", "detected"])
def test_sentences_come_back_to_the_letter(faster, language, given):
    chosen = sounds.sentences(language)[:2]
    heard = hear(faster, [Row(s.audio, Options(language=language if given else None)) for s in chosen])
    assert [h.text for h in heard] == [s.text for s in chosen]
    assert {h.language for h in heard} == {language}


def test_in_single_precision_it_is_as_sure_as_openai_whisper(exact, engine):
    rows = [Row(sounds.sentences(language)[4].audio, Options(language=language)) for language in ("zh", "en", "ja")]
    for ours, theirs in zip(hear(exact, rows), hear(engine, rows), strict=True):
        assert ours.text == theirs.text
        assert ours.avg_logprob == pytest.approx(theirs.avg_logprob, abs=1e-3)
        assert ours.no_speech_prob == pytest.approx(theirs.no_speech_prob, abs=1e-3)
        assert ours.compression_ratio == pytest.approx(theirs.compression_ratio)


def test_rows_of_one_batch_keep_their_own_language_task_prompt_and_time_stamps(exact):
    zh, en, ja = (sounds.sentences(language)[3] for language in ("zh", "en", "ja"))
    rows = [
        Row(zh.audio, Options(language="zh", timestamps=True)),
        Row(en.audio, Options(prompt=sounds.sentences("en")[0].text)),
        Row(ja.audio, Options(language="ja", max_tokens=3)),
        Row(zh.audio, Options(language="zh", task="translate")),
        Row(en.audio, Options(window="bucketed")),
    ]
    heard = hear(exact, rows)
    assert [heard[0].text, heard[1].text, heard[4].text] == [zh.text, en.text, en.text]
    assert len(heard[2].tokens) == 3
    assert heard[3].text.isascii()
    for row, together in zip(rows, heard, strict=True):
        [alone] = hear(exact, [row])
        assert (alone.text, alone.language, alone.tokens) == (together.text, together.language, together.tokens)
    assert heard[0].segments[0].start == pytest.approx(zh.speech_start, abs=0.3)
    assert heard[0].segments[-1].end == pytest.approx(zh.speech_end, abs=0.3)


def test_a_length_cap_is_kept_behind_a_long_prompt_too(exact):
    audio = sounds.sentences("zh")[0].audio
    prompt = " so we go on and on" * 60
    capped = Options(language="zh", prompt=prompt, max_tokens=2, fallback=False)
    assert len(hear(exact, [Row(audio, capped)])[0].tokens) <= 2
    assert hear(exact, [Row(audio, Options(language="zh", prompt=prompt, fallback=False))])


def test_detection_keeps_to_the_languages_that_are_allowed(faster):
    word = sounds.sentences("ja")[0].audio
    assert hear(faster, [Row(word, Options(languages=("en", "zh")))])[0].language in ("en", "zh")
    assert hear(faster, [Row(word, Options(languages=("en", "ja")))])[0].language == "ja"


def test_words_have_times_within_the_speech_and_make_up_the_text(exact):
    sentence = sounds.sentences("en")[0]
    [heard] = hear(exact, [Row(sentence.audio, Options(language="en", words=True))])
    assert "".join(word.text for word in heard.words).strip() == sentence.text
    starts = [word.start for word in heard.words]
    assert starts == sorted(starts)
    assert heard.words[-1].end == pytest.approx(sentence.speech_end, abs=0.5)
    assert all(0 <= word.start <= word.end <= sentence.seconds for word in heard.words)


class Counted:
    """The real network, and how many rows it decoded at which temperature."""

    def __init__(self, network):
        self._network = network
        self.decoded = []

    def generate(self, encoded, prompts, **options):
        self.decoded.append((len(prompts), encoded.shape[0], options.get("sampling_temperature", 0.0)))
        return self._network.generate(encoded, prompts, **options)

    def __getattr__(self, name):
        return getattr(self._network, name)


def test_a_text_that_looks_wrong_is_tried_again_and_the_others_are_left(exact, monkeypatch):
    wrong, right, unasked = sounds.sentences("en")[:3]
    counted = Counted(exact._network)
    monkeypatch.setattr(exact, "_network", counted)
    doubted = (wrong.text, unasked.text)
    monkeypatch.setattr("speech.engines.faster_whisper.looks_wrong", lambda one: one.text in doubted)
    rows = [Row(s.audio, Options(language="en", fallback=s is not unasked)) for s in (wrong, right, unasked)]
    heard = hear(exact, rows)
    assert counted.decoded == [(3, 3, 0.0), *((1, 1, heat) for heat in (0.2, 0.4, 0.6, 0.8, 1.0))]
    assert [h.text for h in heard] == [wrong.text, right.text, unasked.text], "the likeliest is kept"


@pytest.mark.parametrize(
    ("audio", "options"),
    [
        (np.zeros(THIRTY_ONE_SECONDS, np.float32), Options()),
        (np.full(16_000, np.nan, np.float32), Options()),
        (np.zeros(0, np.float32), Options()),
        (np.zeros((2, 100), np.float32), Options()),
        (np.zeros(16_000, np.float32), Options(language="klingon")),
        (np.zeros(16_000, np.float32), Options(task="summarise")),
    ],
    ids=["31 s", "no numbers", "nothing", "stereo", "unknown language", "unknown task"],
)
def test_a_row_that_cannot_be_heard_is_refused_and_its_neighbour_is_not(faster, audio, options):
    sentence = sounds.sentences("zh")[0]
    refused, heard = faster.transcribe([Row(audio, options), Row(sentence.audio)])
    assert isinstance(refused, EngineError)
    assert not refused.retryable
    assert heard.text == sentence.text


@pytest.mark.parametrize("length", [1, 16_000 * 30])
def test_any_length_up_to_the_window_will_do(faster, length):
    assert hear(faster, [Row(np.zeros(length, np.float32), Options(fallback=False))])


class Refusing:
    """The real network, but for the spectrograms of which `why` says something: that is its error."""

    def __init__(self, network, why):
        self._network, self._why = network, why

    def encode(self, features):
        if said := self._why(np.array(features)):
            raise RuntimeError(said)
        return self._network.encode(features)

    def __getattr__(self, name):
        return getattr(self._network, name)


@pytest.mark.parametrize(("most", "texts"), [(1, 3), (0, 0)])
def test_where_memory_does_not_suffice_half_as_many_are_tried(exact, monkeypatch, most, texts):
    short = "CUDA failed with error out of memory"
    monkeypatch.setattr(exact, "_network", Refusing(exact._network, lambda rows: short if len(rows) > most else ""))
    chosen = sounds.sentences("en")[:3]
    outcomes = exact.transcribe([Row(s.audio, Options(language="en")) for s in chosen])
    heard = [outcome for outcome in outcomes if isinstance(outcome, Hypothesis)]
    assert [h.text for h in heard] == [s.text for s in chosen][:texts]
    assert all(outcome.retryable for outcome in outcomes if isinstance(outcome, EngineError))


@pytest.mark.parametrize(
    ("said", "texts", "retryable"),
    [
        ("a shape of another kind", 3, False),
        ("mkl_malloc: failed to allocate memory", 3, True),
        ("CUDA is lost", 0, True),
    ],
)
def test_a_row_that_cannot_be_heard_takes_no_neighbour_along(exact, monkeypatch, said, texts, retryable):
    chosen = sounds.sentences("en")[:3]
    loud = 30 * chosen[0].audio
    threshold = max(float(exact._features(s.audio, 30.0).max()) for s in chosen) + 0.01
    assert float(exact._features(loud, 30.0).max()) > threshold
    refusing = Refusing(exact._network, lambda rows: said if rows.max() > threshold else "")
    monkeypatch.setattr(exact, "_network", refusing)
    rows = [Row(audio, Options(language="en")) for audio in (chosen[0].audio, chosen[1].audio, loud, chosen[2].audio)]
    outcomes = exact.transcribe(rows)
    assert sum(isinstance(one, Hypothesis) for one in outcomes) == texts
    assert isinstance(outcomes[2], EngineError)
    assert outcomes[2].retryable == retryable


def test_what_it_can_do_is_said(faster):
    assert faster.name == "faster-whisper"
    assert (faster.model, faster.demo, faster.device) == ("demo", True, "cpu")
    assert faster.capabilities.languages == ("en", "ja", "zh")
    assert faster.capabilities.translates
    assert faster.capabilities.words


def test_the_second_start_converts_nothing(faster, asked):
    said: list[str] = []
    loading.load(asked, said.append)
    assert said == []


def test_it_serves(model_dir, faster):
    sentence = sounds.sentences("zh")[0]
    with Speech(SPEECH_ENGINE="faster-whisper", WHISPER_MODEL_DIR=str(model_dir)) as process:
        health = process.until_ready()
        assert (health["model"], health["languages"], health["demo"]) == ("demo", ["en", "ja", "zh"], True)
        answer = httpx.post(process.address + "/transcribe/binary?priority=final", content=sentence.data, timeout=60)
        assert answer.json()["text"] == sentence.text


def test_a_folder_that_is_a_model_already_works_by_its_path(faster, model_dir):
    [folder] = (model_dir / "ctranslate2").iterdir()
    again = loading.load(Config(model=str(folder), device="cpu", engine="faster-whisper", dtype="float32"), print)
    sentence = sounds.sentences("ja")[0]
    assert hear(again, [Row(sentence.audio, Options(language="ja"))])[0].text == sentence.text
    assert (again.model, again.demo) == (folder.name, False)
    assert len(again.capabilities.languages) == 99


def test_a_folder_without_its_tokenizer_is_refused_before_anything_is_asked_of_the_network(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(choice.ModelUnobtainable, match=r"tokenizer\.json"):
        loading.load(Config(model=str(tmp_path), device="cpu", engine="faster-whisper"), print)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    (tmp_path / "own.pt").write_bytes(b"no weights")
    settings = Config(model=str(tmp_path / "own.pt"), model_dir=tmp_path, device="cpu", engine="faster-whisper")
    with pytest.raises(choice.ModelUnobtainable, match="cannot be loaded"):
        loading.load(settings, print)
    assert list(tmp_path.glob("ctranslate2/*")) == []


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch, asked):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(BadSetting, match=r"pip install -r requirements-faster-whisper\.txt"):
        loading.load(asked, print)
    found = diagnosis.examine({"WHISPER_MODEL": "demo", "SPEECH_ENGINE": "faster-whisper", "WHISPER_DEVICE": "cpu"})
    assert not found.hears
    assert "requirements-faster-whisper.txt" in found.problems[0].message


def test_the_check_says_what_it_would_compute_in(model_dir, faster):
    [folder] = (model_dir / "ctranslate2").iterdir()
    found = diagnosis.examine(
        {"WHISPER_MODEL": str(folder), "SPEECH_ENGINE": "faster-whisper", "WHISPER_DEVICE": "cpu"}
    )
    assert found.facts["device"] == "cpu, int8"
    assert str(folder) in found.facts["model"]
    assert json.dumps(found.shown())


CPU, GPU = {"int8", "int8_float32", "float32"}, {"int8", "int8_float16", "int8_float32", "float16", "float32"}


@pytest.mark.parametrize(
    ("wanted", "device", "supported", "chosen"),
    [
        ("auto", "cpu", CPU, "int8"),
        ("float32", "cpu", CPU, "float32"),
        ("auto", "cuda:1", GPU, "float16"),
        ("auto", "cuda", GPU - {"float16", "int8_float16"}, "int8"),
        ("int8", "cuda", GPU, "int8_float16"),
    ],
)
def test_it_computes_in_what_is_fast_there(wanted, device, supported, chosen):
    assert loading.chosen_compute_type(wanted, device, supported) == chosen


def test_a_type_that_is_not_to_be_had_there_is_refused():
    with pytest.raises(BadSetting, match="Use auto or float32, int8"):
        loading.chosen_compute_type("float16", "cpu", CPU)
