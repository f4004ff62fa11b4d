"""speech.converted: a checkpoint of any shape becomes a CTranslate2 model, its tokens the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from speech.decoder.checkpoint import alignment_heads
from speech.engines import Options, Row
from speech.engines.ctranslate2 import model_folder, network, vocabulary
from speech.engines.faster_whisper import FasterWhisperEngine
from speech.models import choice
from tests.speech.checkpoints import ENGLISH_ONLY, MULTILINGUAL, MULTILINGUAL_WITH_CANTONESE, random_checkpoint

TEXTS = ["Hello, it's 12:30 o'clock!", " 謝謝大家,會議結束。", "顧客の意見を", "  ♪♪ [x]\n\tnaïve Ünï", "👩‍👩‍👧 ok"]


@pytest.mark.parametrize("size", [ENGLISH_ONLY, MULTILINGUAL_WITH_CANTONESE])
def test_text_becomes_the_same_tokens_and_tokens_the_same_text(size):
    theirs = vocabulary.of(size)
    ours = vocabulary.merging(theirs)
    assert [ours.encode(text, add_special_tokens=False).ids for text in TEXTS] == [theirs.encode(t) for t in TEXTS]
    assert [ours.decode(theirs.encode(text)) for text in TEXTS] == TEXTS
    listed = vocabulary.listed(theirs)
    assert len(listed) == len(set(listed)) == size
    assert [ours.id_to_token(i) for i in range(ours.get_vocab_size())] == listed[: theirs.timestamp_begin]
    assert listed[theirs.no_timestamps] == "<|notimestamps|>"
    assert listed[-1] == "<|30.00|>"


def test_a_vocabulary_of_another_size_is_none_of_whispers():
    with pytest.raises(ValueError, match="50000 tokens"):
        vocabulary.of(50_000)


def test_ranks_that_are_no_byte_pair_encoding_are_refused():
    assert list(vocabulary.merges([b"a", b"b", b"c", b"ab", b"abc"])) == [(b"a", b"b"), (b"ab", b"c")]
    with pytest.raises(ValueError, match="byte-pair"):
        list(vocabulary.merges([b"a", b"b", b"c", b"abc"]))


@pytest.mark.parametrize(
    ("size", "mels", "languages"),
    [(ENGLISH_ONLY, 80, 1), (MULTILINGUAL, 80, 99), (MULTILINGUAL_WITH_CANTONESE, 128, 100)],
)
def test_checkpoints_of_every_kind_load(tmp_path, size, mels, languages):
    path = random_checkpoint(tmp_path / "own.pt", size, mels)
    model_folder.convert(path, "own.pt", tmp_path / "made")
    engine = FasterWhisperEngine(tmp_path / "made", model="own.pt", demo=False, device="cpu", dtype="float32")
    assert len(engine.capabilities.languages) == languages
    assert engine.capabilities.translates == (languages > 1)
    [heard] = engine.transcribe([Row(np.zeros(16_000, np.float32), Options(max_tokens=3, fallback=False, words=True))])
    assert heard.language in engine.capabilities.languages


def test_random_weights_write_the_same_tokens_as_openai_whisper(tmp_path):
    import whisper

    path = random_checkpoint(tmp_path / "own.pt", MULTILINGUAL)
    model_folder.convert(path, "own.pt", tmp_path / "made")
    engine = FasterWhisperEngine(tmp_path / "made", model="own.pt", demo=False, device="cpu", dtype="float32")
    audio = np.random.default_rng(3).standard_normal(48_000).astype(np.float32) * np.float32(0.1)
    [ours] = engine.transcribe([Row(audio, Options(language="fr", max_tokens=12, fallback=False))])
    theirs = whisper.load_model(str(path))
    mel = whisper.log_mel_spectrogram(torch.from_numpy(whisper.pad_or_trim(audio)))
    options = whisper.DecodingOptions(language="fr", fp16=False, without_timestamps=True, sample_len=12)
    assert list(ours.tokens) == whisper.decode(theirs, mel, options).tokens


def test_a_missing_weight_is_named():
    from whisper.model import ModelDimensions

    dims = ModelDimensions(80, 1500, 32, 2, 1, MULTILINGUAL, 448, 32, 2, 1)
    with pytest.raises(KeyError, match=r"encoder\.conv1\.weight"):
        network.specification(dims, {}, [])


def test_what_ctranslate2_is_told_beside_the_weights(tmp_path):
    path = random_checkpoint(tmp_path / "own.pt", MULTILINGUAL_WITH_CANTONESE, 128)
    model_folder.convert(path, "own.pt", tmp_path / "made")
    told = json.loads((tmp_path / "made" / "config.json").read_text(encoding="utf-8"))
    assert told["alignment_heads"] == [[0, 0], [0, 1]]
    assert len(told["lang_ids"]) == 100
    assert told["suppress_ids_begin"] == [220, 50257]
    assert {50258, 50359, 50360, 50361, 50362, 50363} <= set(told["suppress_ids"])
    features = json.loads((tmp_path / "made" / "preprocessor_config.json").read_text(encoding="utf-8"))
    assert features["feature_size"] == 128


def test_whose_attention_tells_times_is_known_of_openai_whispers_own_models():
    from whisper.model import ModelDimensions

    turbo = ModelDimensions(128, 1500, 1280, 20, 32, MULTILINGUAL_WITH_CANTONESE, 448, 1280, 20, 4)
    assert alignment_heads("turbo", turbo) == ((2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14))


def test_another_file_by_the_same_name_is_converted_anew_and_the_same_is_not(tmp_path):
    said: list[str] = []
    path = random_checkpoint(tmp_path / "own.pt", MULTILINGUAL)
    first = model_folder.obtain(path, "own.pt", tmp_path, said.append)
    assert model_folder.obtain(path, "own.pt", tmp_path, said.append) == first
    assert len(said) == 1
    held = torch.load(path, weights_only=True)
    held["model_state_dict"]["decoder.ln.bias"] += 1
    torch.save(held, path)
    assert model_folder.obtain(path, "own.pt", tmp_path, said.append) != first
    assert len(said) == 2
    assert len(list((tmp_path / "ctranslate2").iterdir())) == 2, "nothing half made is left"


def test_a_conversion_that_was_cut_short_is_made_again(tmp_path):
    path = random_checkpoint(tmp_path / "own.pt", MULTILINGUAL)
    torn = model_folder.place(path, "own.pt", tmp_path)
    torn.mkdir(parents=True)
    (torn / "config.json").write_text("{}", encoding="utf-8")
    assert model_folder.is_model(model_folder.obtain(path, "own.pt", tmp_path, print))


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    path = random_checkpoint(tmp_path / "own.pt", MULTILINGUAL)
    (tmp_path / "models").write_bytes(b"a file")
    with pytest.raises(choice.ModelUnobtainable, match="WHISPER_MODEL_DIR"):
        model_folder.obtain(path, "own.pt", tmp_path / "models", print)
