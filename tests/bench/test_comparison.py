"""bin/bench accuracy --index: ours and its peers on one index, in turns, with the bundled model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import accuracy, comparison, results, systems, words
from bench.index import Recording
from bench.results import FOUND, GIVEN, Task
from bench.systems import FASTER_INT8, OPENAI, OURS, OURS_LIVE, Gap, Heard, Variant
from speech.audio import codec
from speech.config import Config
from speech.engines import EngineError
from tests.bench import indexes
from tests.speech import sounds


@pytest.fixture(autouse=True)
def models(monkeypatch, tmp_path):
    monkeypatch.setenv("WHISPER_MODEL_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("WHISPER_DEVICE", "cpu")


def compared(index: Path, *options: str, status: int = 0) -> dict:
    """The figures that the benchmark keeps."""
    figures = index.parent / "figures.json"
    assert accuracy.main(["--index", str(index), "--model", "demo", "--json", str(figures), *options]) == status
    return json.loads(figures.read_text(encoding="utf-8"))


def test_an_index_is_heard_by_every_recogniser_at_its_own_beam_and_at_equal_ones(tmp_path, capsys):
    figures = compared(indexes.small(tmp_path), "--each", "--texts")
    rows = {(row["system"], row["beam"], row["lang"]): row for row in figures["rows"]}
    peers = {(OPENAI, "1 (default)"), (OPENAI, "5"), (FASTER_INT8, "5 (default)"), (FASTER_INT8, "1")}
    assert {key[:2] for key in rows} >= {*peers, (OURS, "auto"), (OURS_LIVE, "auto")}
    assert len(rows) == len(figures["rows"])
    for system in ((OURS, "auto"), (OURS_LIVE, "auto"), (OPENAI, "1 (default)")):
        assert [rows[*system, lang]["error_rate"] for lang in ("en", "zh", "ja")] == [0, 0, 0]
    assert [rows[OURS, "auto", lang]["measure"] for lang in ("en", "zh", "mix")] == ["WER", "CER", "MER"]
    assert all(row["seconds"] > 0 and row["failed"] == 0 for row in figures["rows"])
    assert figures["machine"]["cpu"]
    said = sounds.sentences("zh")[0].text
    assert [one["reference"] for one in figures["recordings"] if one["file"] == "zh.wav"] == [said] * (len(rows) // 4)
    assert said in capsys.readouterr().out


def test_silence_has_no_error_rate_and_no_text_from_ours(tmp_path):
    index = indexes.write(tmp_path, [indexes.row(tmp_path, "none.wav", "none", np.zeros(sounds.RATE, np.float32), "")])
    rows = compared(index, "--systems", f"{OURS},{OURS_LIVE}", "--beams", "default")["rows"]
    assert [(row["system"], row["measure"], row["error_rate"]) for row in rows] == [
        (OURS, None, None), (OURS_LIVE, None, None),
    ]  # fmt: skip
    assert [(row["with_text"], row["invented"], row["failed"]) for row in rows] == [(0, 0, 0), (0, 0, 0)]


def test_what_was_said_is_neither_shown_nor_kept_unless_asked_for(tmp_path, capsys):
    figures = compared(indexes.small(tmp_path), "--systems", OURS, "--beams", "default", "--each", "--lang", "zh")
    assert [one["file"] for one in figures["recordings"]] == ["zh.wav"]
    assert sounds.sentences("zh")[0].text not in capsys.readouterr().out + json.dumps(figures, ensure_ascii=False)


def test_joined_clips_have_their_sentences_counted(tmp_path):
    rows = [
        indexes.row(tmp_path, f"{language}{number}.wav", language, sounds.told(pair, 2.0), pair[0].text + pair[1].text)
        for language in ("en", "zh")
        for number, pair in enumerate(zip(*[iter(sounds.sentences(language)[:8])] * 2, strict=True))
    ]
    figures = compared(
        indexes.write(tmp_path, rows), "--joined", "1", "--systems", OURS, "--beams", "default", "--each"
    )
    assert [row["lang"] for row in figures["rows"]] == ["en", "zh", "mixed"]
    assert all(2 <= row["sentences"] <= 3 for row in figures["rows"])
    assert all(0 <= row["lost_silently"] <= row["lost_sentences"] <= row["sentences"] for row in figures["rows"])
    assert figures["recordings"][0]["file"].startswith("en 1: en")


def test_a_recording_longer_than_a_clip_is_heard_live_in_pieces_and_none_of_it_is_left_out():
    chosen = sounds.sentences("en")[:8]
    audio = sounds.told(chosen, 2.0)
    assert len(audio) > 30 * sounds.RATE
    ours = systems.Ours(Config(model="demo", device="cpu"))
    try:
        heard = ours.live(codec.as_wav(audio), "en", None)
    finally:
        ours.close()
    counts = words.counted(" ".join(one.text for one in chosen), heard.text, "WER")
    assert counts.lost < counts.length / 4
    assert not counts.lost_edge


def scripted(answers: dict[str, Heard]):
    """A recogniser that was told what to hear, by the recording's bytes; it keeps what it was asked."""
    asked = []

    def transcribe(sound: bytes, language: str | None, beam: int | None) -> Heard:
        asked.append((sound.decode(), language, beam))
        return answers[sound.decode()]

    return transcribe, asked


def recording(language: str, text: str) -> Recording:
    return Recording(f"{language}.wav", language, text, language.encode(), 1.0)


def test_recognisers_take_turns_and_who_begins_changes_after_a_warm_up_that_does_not_count():
    calls = []

    def named(name):
        def transcribe(_sound, _language, _beam):
            calls.append(name)
            return Heard("one", "en")

        return transcribe

    there = {OURS: named("a"), OPENAI: named("b"), FASTER_INT8: named("c")}
    tasks = [Task(Variant(name, None), GIVEN) for name in there]
    found = list(results.run([recording("en", "one")] * 3, tasks, there))
    assert "".join(calls) == "abc" + "abc" + "bca" + "cab"
    assert [[one.task for one in row] for row in found] == [tasks] * 3


def test_the_language_is_told_only_where_it_is_given_and_there_is_one():
    spoken = [recording("zh", "好"), recording("mix", "好 yes"), recording("none", "")]
    transcribe, asked = scripted({one.sound.decode(): Heard("", "") for one in spoken})
    tasks = [Task(Variant(OURS, 5), GIVEN), Task(Variant(OURS, 5), FOUND)]
    list(results.run(spoken, tasks, {OURS: transcribe}))
    told = asked[len(tasks) :]
    assert sorted(told, key=str) == sorted(
        [(name, language if name == "zh" else None, 5) for name in ("zh", "mix", "none") for language in ("zh", None)],
        key=str,
    )


def test_wrong_languages_lost_edges_and_invented_texts_are_counted_apart():
    spoken = [recording("en", "we meet at noon today"), recording("none", ""), recording("mix", "好 yes")]
    transcribe, _ = scripted(
        {"en": Heard("at noon to day", "de"), "none": Heard("Thank you.", "en"), "mix": Heard("好 yes", "ja")}
    )
    found = list(results.run(spoken, [Task(Variant(OURS, None), FOUND)], {OURS: transcribe}))
    english, nothing, mixed = results.summary([one for row in found for one in row])
    assert (english["wrong_languages"], english["lost_edges"], english["lost"]) == (1, 1, 2)
    assert (english["invented"] + english["changed"], english["length"], english["error_rate"]) == (2, 5, 0.8)
    assert (nothing["with_text"], nothing["invented"], nothing["error_rate"]) == (1, 2, None)
    assert (nothing["wrong_languages"], mixed["wrong_languages"], mixed["error_rate"]) == (0, 0, 0)


def test_a_recording_that_cannot_be_heard_counts_as_lost_and_is_named(capsys):
    def transcribe(_sound, _language, _beam):
        raise EngineError("out of memory", retryable=True)

    tasks = [Task(Variant(OURS, None), GIVEN)]
    [[result]] = results.run([recording("en", "we meet today")], tasks, {OURS: transcribe})
    [row] = results.summary([result])
    assert (row["failed"], row["lost"], row["error_rate"]) == (1, 3, 1)
    assert "en.wav, ours: EngineError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "is not a list of recordings"),
        ([{"file": "a.wav", "lang": "en"}], "row 1: it needs file, lang, and text or sentences"),
        ([{"file": "a.wav", "lang": "en", "text": "…"}], "row 1: a recording has words, or the language none"),
        ([{"file": "a.wav", "lang": "none", "text": "hello"}], "row 1: a recording has words, or the language none"),
        ([{"file": "a.wav", "lang": "en", "sentences": ["hello", "…"]}], "row 1: a sentence is empty"),
        ([{"file": "gone.wav", "lang": "en", "text": "hello"}], "gone.wav"),
    ],
)
def test_an_index_that_cannot_be_used_is_refused_with_the_row_and_the_reason(tmp_path, capsys, rows, why):
    assert accuracy.main(["--index", str(indexes.write(tmp_path, rows)), "--model", "demo"]) == 2
    assert why in capsys.readouterr().err


def test_the_same_recogniser_with_the_same_beam_is_measured_once():
    asked = ("default", "1", "5")
    assert systems.variants((OPENAI, FASTER_INT8), asked) == [
        Variant(OPENAI, 1), Variant(OPENAI, 5), Variant(FASTER_INT8, 5), Variant(FASTER_INT8, 1),
    ]  # fmt: skip
    assert [one.shown for one in systems.variants((OURS,), asked)] == ["auto", "1", "5"]


def test_a_recording_that_cannot_be_heard_fails_the_run(tmp_path):
    said = [indexes.row(tmp_path, "short.wav", "en", sounds.sentences("en")[0].audio, "hello")]
    said.append(indexes.row(tmp_path, "unknown.wav", "tlh", sounds.sentences("en")[0].audio, "nuqneH"))
    figures = compared(indexes.write(tmp_path, said), "--systems", OURS, "--beams", "default", status=1)
    assert [row["failed"] for row in figures["rows"]] == [0, 1]


def test_an_unknown_recogniser_is_refused(capsys):
    with pytest.raises(SystemExit):
        comparison.main(["--index", "index.json", "--systems", "ours,theirs"])
    assert "there are ours, ours-live" in capsys.readouterr().err


def test_gaps_of_later_pieces_lie_where_they_were_in_the_recording():
    class Said:
        text, language, suppressed = "yes", "en", None
        gaps = (Gap(1.0, 2.0),)

    said: Any = Said()
    assert systems._heard([(0.0, said), (18.0, said)]).gaps == (Gap(1.0, 2.0), Gap(19.0, 20.0))
