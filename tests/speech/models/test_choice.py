"""speech.models.choice: the checkpoint that was asked for, or a clear word; only `auto` may fall back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from speech.models import choice
from speech.models.from_openai import OpenAI
from tests.speech.models import hosts
from tests.speech.models.hosts import Host

WEIGHTS = b"weights" * 400_000
SUM = hashlib.sha256(WEIGHTS).hexdigest()
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def known():
    """The list of models, behind a host that has two of them."""
    host = Host({f"/{SUM}/base.pt": WEIGHTS, f"/{SUM}/large-v3-turbo.pt": WEIGHTS})
    with hosts.serving(host):
        yield {"base": f"{host.address}/{SUM}/base.pt", "turbo": f"{host.address}/{SUM}/large-v3-turbo.pt"}


def chosen(wanted: str, folder: Path, known: Mapping[str, str], said: list[str], *, gpu: bool = False):
    return choice.choose(wanted, folder, known, [OpenAI(known)], gpu=gpu, say=said.append)


@pytest.mark.parametrize(("gpu", "name"), [(True, "turbo"), (False, "base")])
def test_auto_takes_turbo_on_a_gpu_and_base_on_a_cpu(known, tmp_path, gpu, name):
    found = chosen("auto", tmp_path, known, [], gpu=gpu)
    assert (found.name, found.demo) == (name, False)
    assert found.path == tmp_path / known[name].rsplit("/", 1)[-1]


def test_auto_falls_back_on_the_bundled_model_and_says_so(tmp_path):
    said: list[str] = []
    found = chosen("auto", tmp_path, {"base": f"{NOWHERE}/{SUM}/base.pt"}, said)
    assert found.demo
    assert found.path == choice.DEMO
    assert "bundled" in said[-1]
    assert f"Put base.pt into {tmp_path}" in said[-1]


def test_auto_on_a_gpu_whose_model_cannot_be_had_takes_that_of_a_cpu(known, tmp_path):
    found = chosen("auto", tmp_path, {**known, "turbo": f"{NOWHERE}/{SUM}/large-v3-turbo.pt"}, [], gpu=True)
    assert (found.name, found.demo) == ("base", False)
    assert found.why.startswith("The model large-v3-turbo cannot be had (openai: 127.0.0.1:9 cannot be reached")


def test_auto_without_a_source_falls_back_on_the_bundled_model(known, tmp_path):
    assert choice.choose("auto", tmp_path, known, [], gpu=False, say=lambda line: None).demo


def test_a_model_asked_for_by_name_never_falls_back(tmp_path):
    with pytest.raises(choice.ModelUnobtainable, match="openai: 127"):
        chosen("small", tmp_path, {"small": f"{NOWHERE}/{SUM}/small.pt"}, [])


@pytest.mark.parametrize("wanted", ["huge", "nowhere.pt", "/nowhere/model.pt"])
def test_an_unknown_name_or_path_says_what_would_do(tmp_path, wanted):
    with pytest.raises(choice.ModelUnobtainable, match="WHISPER_MODEL") as caught:
        chosen(wanted, tmp_path, {"small": "https://host/sum/small.pt"}, [])
    assert "auto" in str(caught.value)


def test_a_path_to_a_checkpoint_is_taken_as_it_is(tmp_path):
    own = tmp_path / "own.pt"
    own.write_bytes(b"x")
    assert chosen(str(own), tmp_path, {}, []).path == own
    assert chosen(str(choice.DEMO), tmp_path, {}, []).demo
