"""What the speech tests share: the real engine with the bundled model, and a real server process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from speech import loading
from speech.engines import Engine
from speech.models import choice
from tests.speech_process import SETTINGS, Speech


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The bundled model in memory."""
    from speech.engines.whisper import WhisperEngine

    return WhisperEngine(choice.DEMO, model="demo", demo=True, device="cpu", dtype="float32")


@pytest.fixture
def bundled(engine: Engine, monkeypatch: pytest.MonkeyPatch, no_settings_from_outside: None) -> None:
    """What is asked for in this process is the bundled model, loaded once."""
    monkeypatch.setenv("WHISPER_MODEL", "demo")
    monkeypatch.setattr(loading, "load", lambda config, say: engine)


@pytest.fixture(scope="session")
def speech() -> Iterator[Speech]:
    """`python -m speech serve` with the bundled model, ready."""
    with Speech() as process:
        process.until_ready()
        yield process


@pytest.fixture
def http(speech: Speech) -> Iterator[httpx.Client]:
    """A caller of that server."""
    with httpx.Client(base_url=speech.address, timeout=60) as client:
        yield client


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings are not the tests'."""
    for name in os.environ:
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
