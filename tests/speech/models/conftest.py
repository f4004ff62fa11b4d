"""What the tests of the sources share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.speech.models import hosts, small
from tests.speech.models.hosts import Host


@pytest.fixture
def host() -> Iterator[Host]:
    """A host of files."""
    with hosts.serving(Host()) as running:
        yield running


@pytest.fixture
def said() -> list[str]:
    """The lines that were said to people."""
    return []


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model as a checkpoint that our own writer made."""
    from speech.models import tensors

    path = tmp_path_factory.mktemp("small") / f"{small.NAME}.pt"
    tensors.write(path, small.tensors())
    return path


@pytest.fixture
def package_index(host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """The host as the only index that pip knows."""
    for name in os.environ:
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{host.address}/simple")
    return host
