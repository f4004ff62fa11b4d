"""bin/bench accuracy: error rates of the bundled model on its own sentences, by window, engine and noise."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench import accuracy, words
from bench.noise import noisy
from speech import loading
from speech.audio import voice_detection
from speech.config import Config
from tests.speech import sounds


@pytest.fixture(autouse=True)
def models(monkeypatch, tmp_path):
    monkeypatch.setenv("WHISPER_MODEL_DIR", str(tmp_path))
    monkeypatch.setenv("WHISPER_DEVICE", "cpu")


def measured(tmp_path, chosen, texts, *options):
    """The rows for these sentences when they are said to be these texts, a line each."""
    reference, figures = tmp_path / "texts.txt", tmp_path / "figures.json"
    reference.write_text("\n".join(texts), encoding="utf-8")
    files = [str(one.path) for one in chosen]
    asked = [*files, "--reference", str(reference), "--model", "demo", "--json", str(figures), *options]
    assert accuracy.main(asked) == 0
    return json.loads(figures.read_text(encoding="utf-8"))["rows"]


def test_what_is_heard_to_the_letter_has_no_errors_in_either_engine(tmp_path):
    chosen = [*sounds.sentences("en")[:2], *sounds.sentences("zh")[:2]]
    shown = [chosen[0].text.upper().replace(".", "!"), *(one.text for one in chosen[1:])]
    rows = measured(tmp_path, chosen, shown, "--noise", "", "--engine", "whisper,faster-whisper", "--window", "padded")
    assert [(row["engine"], row["window"], row["measure"], row["error_rate"]) for row in rows] == [
        ("whisper", "padded", "CER", 0), ("whisper", "padded", "WER", 0),
        ("faster-whisper", "padded", "CER", 0), ("faster-whisper", "padded", "WER", 0),
    ]  # fmt: skip
    assert all(row["recordings"] == 2 and row["length"] > 5 and row["rtfx"] > 0 for row in rows)


def test_windows_and_noise_have_rows_of_their_own_and_wrong_words_are_counted(tmp_path):
    [sentence] = sounds.sentences("en")[1:2]
    wrong = f"Never {sentence.text}"
    rows = measured(tmp_path, [sentence], [wrong], "--noise", "20", "--language", "en")
    assert [(row["snr_db"], row["window"]) for row in rows] == [
        (None, "padded"), (None, "bucketed"), (20, "padded"), (20, "bucketed"),
    ]  # fmt: skip
    assert (rows[0]["errors"], rows[0]["length"]) == (1, len(wrong.split()))


def test_recordings_and_references_must_belong_together(tmp_path, capsys):
    one, two = (str(sentence.path) for sentence in sounds.sentences("en")[:2])
    text = tmp_path / "text.txt"
    text.write_text("One line.\n", encoding="utf-8")
    assert accuracy.main([one, two, "--reference", str(text), "--model", "demo"]) == 2
    assert "2 recordings and 1 references" in capsys.readouterr().err
    text.write_text(" … \n", encoding="utf-8")
    assert accuracy.main([one, "--reference", str(text), "--model", "demo"]) == 2
    assert "is empty" in capsys.readouterr().err


def test_a_long_recording_is_cut_at_its_pauses_and_joined():
    engine = loading.load(Config(model="demo", device="cpu"), print)
    chosen = sounds.sentences("en")[:6]
    audio = sounds.told(chosen, pause=3.0)
    assert len(audio) > 20 * sounds.RATE
    text = accuracy.transcribed(engine, audio, accuracy.Options(language="en"))
    wrong, length = words.errors(" ".join(one.text for one in chosen), text, words.SPACED)
    assert wrong < length


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Don’t panic!", "don't  PANIC"),
        ("It costs 10.5 euros.", "it costs 10.5 euros"),
        ("「謝謝大家，會議結束。」", "谢谢大家,会议结束"),
        ("ＡＢＣ　１２３", "abc 123"),
    ],
)
def test_what_a_reader_would_not_call_a_mistake_is_none(text, other):
    assert words.normal(text).replace(" ", "") == words.normal(other).replace(" ", "")


def test_other_words_and_numbers_stay_apart():
    assert words.normal("10.5") != words.normal("105")
    assert words.normal("its") != words.normal("it's")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("謝謝大家。", "CER"),
        ("皆さんこんにちは", "CER"),
        ("Hello there", "WER"),
        ("안녕하세요 여러분", "WER"),
        ("zh 會議結束了", "CER"),
    ],
)
def test_characters_count_where_words_are_not_spaced(text, kind):
    assert words.measure([text]) == kind


@pytest.mark.parametrize("decibels", [20.0, 5.0])
def test_noise_is_as_loud_as_asked_for_and_always_the_same(decibels):
    audio = sounds.sentences("en")[0].audio
    spans = voice_detection.spans(audio, 2)
    loud = noisy(audio, spans, decibels, seed=7)
    assert np.array_equal(loud, noisy(audio, spans, decibels, seed=7))
    assert not np.array_equal(loud, noisy(audio, spans, decibels, seed=8))
    scale = max(1.0, np.abs(loud).max())
    voiced = np.concatenate([audio[round(s.start * 16_000) : round(s.end * 16_000)] for s in spans])
    ratio = np.mean(voiced**2) / np.mean((loud * scale - audio) ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(decibels, abs=0.3)
