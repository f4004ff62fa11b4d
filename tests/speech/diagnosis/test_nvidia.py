"""NVIDIA devices, found without torch: by the driver's program, its library, or the system's files."""

from __future__ import annotations

import os

import pytest

from speech.diagnosis import nvidia
from speech.diagnosis.nvidia import NvidiaDevices
from tests.speech import stand_ins

VERSION = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release Build  (dvs-builder@U16)\nGCC"


@pytest.fixture(autouse=True)
def a_machine_without(monkeypatch, tmp_path):
    """No device of this machine's own."""
    monkeypatch.setattr(nvidia, "PROC", tmp_path / "proc")
    monkeypatch.setattr(nvidia, "DEVICES", ())
    monkeypatch.setattr(nvidia, "_library", NvidiaDevices)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_without_any_nothing_is_found():
    assert not nvidia.look()


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_the_drivers_program_names_every_device(tmp_path, monkeypatch):
    stand_ins.nvidia_smi(tmp_path, "NVIDIA H200, 570.86.10\nNVIDIA H200, 570.86.10")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert nvidia.look() == NvidiaDevices(("NVIDIA H200", "NVIDIA H200"), "570.86.10")
    assert nvidia.look().driver_major == 570


def test_the_kernels_files_do_where_the_program_is_not_there(tmp_path):
    (tmp_path / "proc" / "gpus" / "0000:01:00.0").mkdir(parents=True)
    (tmp_path / "proc" / "version").write_text(VERSION)
    (tmp_path / "proc" / "gpus" / "0000:01:00.0" / "information").write_text("Model: \t\t NVIDIA L4\nIRQ: 99\n")
    assert nvidia.look() == NvidiaDevices(("NVIDIA L4",), "570.86.10")


def test_a_device_file_alone_is_a_device_without_a_driver(tmp_path, monkeypatch):
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(nvidia, "DEVICES", (tmp_path / "nvidia0",))
    assert nvidia.look() == NvidiaDevices(("an NVIDIA device",))


@pytest.mark.parametrize(
    ("driver", "build"), [(580, "cu130"), (600, "cu130"), (579, "cu126"), (470, "cu126"), (None, "cu130")]
)
def test_the_newest_cuda_that_a_driver_runs(driver, build):
    assert nvidia.newest_build(driver) == build
