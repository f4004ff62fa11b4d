"""speech.config: a bad setting stops the start and says which, why, and what would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from speech import config


def test_nothing_set_gives_the_defaults():
    settings = config.read({})
    assert (settings.model, settings.device, settings.dtype, settings.engine) == ("auto", "auto", "auto", "whisper")
    assert (settings.aggressiveness, settings.clip_max_seconds, settings.token) == (2, 20.0, "")
    assert settings.model_dir == Path.home() / ".cache" / "whisper"
    assert settings.sources == ("openai", "huggingface", "pypi")
    assert settings.hf_endpoint == "https://huggingface.co"


def test_every_setting_is_read():
    settings = config.read(
        {
            "WHISPER_MODEL": "small", "WHISPER_MODEL_DIR": "/models", "WHISPER_DEVICE": "cuda:1",
            "WHISPER_DTYPE": "bfloat16", "WHISPER_WINDOW": "bucketed", "SPEECH_ENGINE": "whisper",
            "VAD_AGGRESSIVENESS": "off", "CLIP_MAX_SECONDS": "12.5", "CLIP_SILENCE_SECONDS": "0.7",
            "PARTIAL_INTERVAL_MS": "400", "SPEECH_TOKEN": "secret", "LOG_DIR": "/logs",
            "WHISPER_SOURCES": "pypi, openai", "HF_ENDPOINT": "https://mirror.example/hub/",
        }
    )  # fmt: skip
    assert settings == config.Config(
        model="small", model_dir=Path("/models"), device="cuda:1", dtype="bfloat16", window="bucketed",
        engine="whisper", aggressiveness=None, clip_max_seconds=12.5, clip_silence_seconds=0.7,
        partial_interval_ms=400.0, token="secret", log_dir=Path("/logs"),
        sources=("pypi", "openai"), hf_endpoint="https://mirror.example/hub",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("WHISPER_DEVICE", "gpu", "cuda"),
        ("WHISPER_DTYPE", "int4", "float16"),
        ("WHISPER_WINDOW", "30", "bucketed"),
        ("WHISPER_SOURCES", "openai,github", "huggingface"),
        ("WHISPER_SOURCES", "pypi,pypi", "once at most"),
        ("WHISPER_SOURCES", ",", "pypi"),
        ("HF_ENDPOINT", "huggingface.co", "https://huggingface.co"),
        ("HF_ENDPOINT", "ftp://mirror.example", "https://huggingface.co"),
        ("SPEECH_ENGINE", "kaldi", "whisper"),
        ("VAD_AGGRESSIVENESS", "4", "off"),
        ("CLIP_MAX_SECONDS", "soon", "number of seconds"),
        ("CLIP_MAX_SECONDS", "nan", "number of seconds"),
        ("CLIP_MAX_SECONDS", "0", "number of seconds"),
        ("CLIP_SILENCE_SECONDS", "0.2", "from 0.3 to 5"),
        ("PARTIAL_INTERVAL_MS", "often", "number of milliseconds from 50 to 10000"),
        ("SPEECH_TOKEN", "a b", "ASCII"),
    ],
)
def test_a_bad_value_names_the_setting_and_what_would_do(name, value, remedy):
    with pytest.raises(config.BadSetting, match=name) as caught:
        config.read({name: value})
    assert remedy in str(caught.value)
