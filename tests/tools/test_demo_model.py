"""What made the bundled model, in small: sentences are spoken, a tiny network takes some steps, Whisper reads it."""

import json
import math
import random
import shutil

import numpy as np
import pytest
import torch
import whisper

from speech.audio.codec import SAMPLE_RATE
from tools.demo_model import examples, grammar, measure, synth
from tools.demo_model.__main__ import main
from tools.demo_model.align import align, best_path
from tools.demo_model.corpus import LANGUAGES, Corpus, save
from tools.demo_model.examples import IGNORED, Mix, batch, example
from tools.demo_model.network import Size
from tools.demo_model.train import Recipe, Training
from tools.demo_model.vocabulary import END, NO_SPEECH, START, TOKENIZER, encoded, whole_characters

SPEAKING = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed; bin/test installs it")
TINY = Recipe(
    minutes=10, window_minutes=0, size=Size(32, 2, 1, 1), mix=Mix(sentences=(1, 0, 0, 0, 0)), rate=5e-3, most_steps=2
)


@pytest.fixture(scope="module", autouse=True)
def small_batches():
    """A few clips at once: it is not to learn anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "CLIPS", dict.fromkeys(examples.CLIPS, 3))
        patch.setattr(examples, "CLIPS_OF_WINDOWS", dict.fromkeys(examples.CLIPS, 1))
        yield


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder with nine spoken sentences."""
    folder = tmp_path_factory.mktemp("work")
    save(folder, "train", synth.spoken(9, seed=1))
    return folder


@pytest.fixture(scope="module")
def training(work):
    """A tiny network after two steps, written to the folder."""
    made = Training(work, TINY)
    made.run()
    return made


def test_a_sentence_says_the_same_in_every_language():
    person = grammar.Phrase("瑪麗", "Mary", "メアリー", "めありー")
    said = grammar.Phrase(
        "{person}請假。", "{person} is on leave.", "{person}はお休みです。", "{person}わおやすみです。"
    )
    assert said.filled({"person": person}).zh == "瑪麗請假。"
    assert said.filled({"person": person}).ja == "メアリーはお休みです。"


def test_no_slot_stays_empty():
    rng = random.Random(0)
    for _ in range(300):
        phrase = grammar.sentence(rng)
        assert not any("{" in text or not text for text in (phrase.zh, phrase.en, phrase.ja, phrase.kana))


@pytest.mark.parametrize(
    ("n", "chinese", "english", "kana"),
    [
        (3, "三", "three", "さん"),
        (10, "十", "ten", "じゅう"),
        (14, "十四", "fourteen", "じゅうよん"),
        (40, "四十", "forty", "よんじゅう"),
        (97, "九十七", "ninety-seven", "きゅうじゅうなな"),
    ],
)
def test_numbers_are_written_as_they_are_said(n, chinese, english, kana):
    assert grammar.number(n) == grammar.Phrase(chinese, english, chinese, kana)


def test_the_path_of_ctc_ends_each_token_where_it_is_last_heard():
    heard = "..aa.bb.b."  # a point is nothing said
    scores = np.full((len(heard), 3), -10.0, np.float32)
    for frame, letter in enumerate(heard):
        scores[frame, "ab.".index(letter)] = 0
    assert list(best_path(scores, np.array([0, 1, 1]), blank=2)) == [3, 6, 8]


def test_half_a_character_is_left_out():
    tokens = encoded("我們需要二十三個人。")
    texts = [TOKENIZER.encoding.decode(whole_characters(tokens[:n])) for n in range(len(tokens) + 1)]
    assert all("我們需要二十三個人。".startswith(text) for text in texts)
    assert texts[-1] == "我們需要二十三個人。"


@pytest.mark.parametrize(
    ("wanted", "written", "errors"), [("", "", 0), ("abc", "abd", 1), ("abc", "ac", 1), ("a", "", 1)]
)
def test_errors_are_characters_to_change_add_or_leave_out(wanted, written, errors):
    assert measure.distance(wanted, written) == errors


@SPEAKING
def test_the_languages_take_turns_and_each_sentence_is_heard(work):
    corpus = Corpus(work, "train")
    assert [corpus[n].language for n in range(9)] == [*LANGUAGES] * 3
    for n in range(9):
        audio = corpus[n].audio
        assert 0.4 * SAMPLE_RATE < len(audio) < 12 * SAMPLE_RATE
        assert np.abs(audio).max() == pytest.approx(20000 / 32768, abs=0.001)


@SPEAKING
def test_the_same_seed_says_the_same():
    one, other = (next(iter(synth.spoken(1, seed=7))) for _ in range(2))
    assert one.zh == other.zh
    assert np.array_equal(one.audio, other.audio)


@SPEAKING
def test_an_example_is_a_clip_with_what_is_to_be_written(work):
    corpus, rng = Corpus(work, "train"), np.random.default_rng(3)
    for _ in range(40):
        made = example(corpus, rng, Mix(), sentences=3)
        assert made.tokens[made.given] == START
        assert made.tokens[-1] == END
        assert made.audio.dtype == np.float32
        assert np.abs(made.audio).max() <= 1 or made.silent


@SPEAKING
@pytest.mark.long
def test_what_is_given_counts_for_nothing_and_silence_is_to_be_noticed(training, work):
    silence = Mix(silence=1.0)
    made = batch(Corpus(work, "train"), np.random.default_rng(1), silence, training.network.vocabulary, windows=False)
    assert set(made.wanted[:, 0].tolist()) == set(training.network.vocabulary.rows([NO_SPEECH]))
    assert (made.wanted == IGNORED).any()


@SPEAKING
def test_steps_on_the_same_examples_make_it_better(work):
    torch.manual_seed(0)
    learner = Training(work, TINY)
    given = learner._batch(np.random.default_rng(0), windows=False)
    for _ in range(6):
        learner._learn(given, 5e-3)
    first, last = learner.losses[0], learner.losses[-1]
    assert last.written < first.written
    assert last.heard < first.heard
    assert math.isfinite(last.written)


@SPEAKING
@pytest.mark.long
def test_openai_whisper_reads_what_comes_out(training, work):
    model = whisper.load_model(str(work / "demo.pt"), device="cpu")
    assert model.dims.n_vocab == 51_865
    options = whisper.DecodingOptions(fp16=False, language="en", without_timestamps=True, sample_len=3)
    assert whisper.decode(model, torch.zeros(80, 3000), options).language == "en"
    rows = model.decoder.token_embedding.weight
    untrained = [token for token in range(100) if token not in training.network.vocabulary.tokens][:2]
    assert torch.equal(rows[untrained[0]], rows[untrained[1]])


@SPEAKING
@pytest.mark.long
def test_training_goes_on_where_it_was_left(training, work):
    again = Training(work, TINY, resume=True)
    assert again.step == training.step == 2
    assert torch.equal(again.network.ctc.weight, training.network.ctc.weight)


@SPEAKING
def test_openai_whispers_own_attention_is_back_after_training(training):
    assert whisper.model.MultiHeadAttention.qkv_attention.__module__ == "whisper.model"


@SPEAKING
@pytest.mark.long
def test_tokens_are_aligned_in_order_within_their_sentence(training, work, tmp_path):
    for name in ("train.pcm", "train.json"):
        shutil.copy(work / name, tmp_path)
    align(tmp_path, training.network)
    corpus = Corpus(tmp_path, "train")
    for index, ends in enumerate(json.loads((tmp_path / "train_aligned.json").read_text())):
        spoken = corpus[index]
        assert len(ends) == len(encoded(spoken.text(spoken.language)))
        assert ends == sorted(ends)
        assert ends[-1] <= len(spoken.audio) / SAMPLE_RATE + 0.1


@SPEAKING
def test_what_is_said_survives_a_browsers_way_of_sending_it(work):
    audio = Corpus(work, "train")[0].audio
    assert len(measure.through_opus(audio)) == pytest.approx(len(audio), abs=SAMPLE_RATE * 0.1)


def test_without_a_voice_the_command_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["speak", str(tmp_path)]) == 2
    assert "apt-get install espeak-ng" in capsys.readouterr().err
