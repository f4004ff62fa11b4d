"""What the speech side finds here: model, device, CUDA, and each problem that keeps it from hearing well."""

from __future__ import annotations

import importlib
import pickle
import re
import sys
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from speech import config, loading, without_numba
from speech.config import Config
from speech.diagnosis import nvidia
from speech.diagnosis.messages import ERROR, Problem
from speech.diagnosis.nvidia import NvidiaDevices
from speech.models import choice, memory, sources
from speech.models.source import Source

PACKAGES = ("numpy", "torch", "whisper", "av", "webrtcvad", "soundfile", "opencc", "starlette", "uvicorn")
NAMES = {"whisper": "openai-whisper", "webrtcvad": "webrtcvad-wheels"}  # as pip calls them
# what Windows says where the Visual C++ runtime, or what came with it, is not there (pytorch/pytorch#131662)
NO_RUNTIME = re.compile(r"WinError (126|127|1114)\b|\.dll\b.*dependencies", re.IGNORECASE)
GIGABYTE = 1 << 30
SMALLER = "base"
MULTILINGUAL = 51_865  # tokens of a vocabulary that has languages in it
LOADING_ERRORS = (
    RuntimeError, KeyError, EOFError, OSError, ValueError, TypeError, pickle.UnpicklingError, zipfile.BadZipFile,
)  # fmt: skip


@dataclass
class Diagnosis:
    """All that was found. `facts` are for people: name and value."""

    facts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def tell(self, code: str, **values: object) -> None:
        """One more problem."""
        known = {"python": sys.executable, **{name: str(value) for name, value in values.items()}}
        self.problems.append(Problem(code, known))

    @property
    def hears(self) -> bool:
        """Whether nothing keeps it from hearing at all."""
        return all(problem.level != ERROR for problem in self.problems)

    def shown(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"hears": self.hears, "facts": self.facts, "problems": [one.shown() for one in self.problems]}


def examine(environ: Mapping[str, str]) -> Diagnosis:
    """Look at everything; what hangs on something that is missing is left out."""
    found = Diagnosis()
    try:
        settings = config.read(environ)
    except config.BadSetting as error:
        found.tell("bad_setting", why=error)
        return found
    loaded = _packages(found)
    gpu = nvidia.look()
    if gpu:
        found.facts["NVIDIA"] = f"{', '.join(gpu.devices) or 'a driver'}, driver {gpu.driver or 'unknown'}"
    if "torch" not in loaded:
        return found
    device = _device(settings, loaded["torch"], gpu, found)
    if device and "whisper" in loaded:
        _model(settings, loaded, device, found)
    return found


def _packages(found: Diagnosis) -> dict[str, Any]:
    """The packages that load; what is wrong with the others is told."""
    loaded: dict[str, Any] = {}
    for name in PACKAGES:
        if name == "whisper" and "torch" not in loaded:
            continue  # it begins with importing torch, of which is told already
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                # as whoever hears loads it
                loaded[name] = without_numba.whisper() if name == "whisper" else importlib.import_module(name)
        except Exception as error:  # whatever a package throws while it loads is what is looked for
            _tell_import(found, name, error)
    for name in ("torch", "whisper", "ctranslate2", "faster-whisper"):
        try:
            found.facts[name] = version(NAMES.get(name, name))
        except PackageNotFoundError:
            continue  # those who need it are told
    return loaded


def _tell_import(found: Diagnosis, name: str, error: Exception) -> None:
    why = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    if isinstance(error, ModuleNotFoundError) and error.name == name:
        found.tell("torch_missing" if name == "torch" else "package_missing", package=NAMES.get(name, name))
    elif name == "torch" and NO_RUNTIME.search(str(error)):
        found.tell("visual_cpp_missing", why=why)
    else:
        code = "webrtcvad_broken" if name == "webrtcvad" else "package_broken"
        found.tell(code, package=NAMES.get(name, name), why=why)


def _device(settings: Config, torch: Any, gpu: NvidiaDevices, found: Diagnosis) -> str:
    """Where the model computes; empty where the setting asks for what is not there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would say itself, in other words, that the driver is too old
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    found.facts["torch"] = f"{torch.__version__}, CUDA {torch.version.cuda or 'none'}"
    if settings.device != "cpu":
        _cuda(torch, gpu, count, found)
    try:
        device, dtype = _chosen(settings, count)
    except config.BadSetting as error:
        found.tell("bad_setting", why=error)
        return ""
    found.facts["device"] = f"{device}, {dtype}"
    return device


def _chosen(settings: Config, gpus: int) -> tuple[str, str]:
    """Device and type as the engine would choose them. Raises `BadSetting`."""
    if settings.engine == loading.FASTER_WHISPER:
        device = loading.faster_whisper_device(settings.device)
        return device, loading.chosen_compute_type(settings.dtype, device, loading.compute_types(device))
    device = loading.chosen_device(settings.device, gpus)
    return device, loading.chosen_dtype(settings.dtype, device)


def _cuda(torch: Any, gpu: NvidiaDevices, count: int, found: Diagnosis) -> None:
    """Why a device that is there does not compute."""
    devices = ", ".join(gpu.devices) or "an NVIDIA device"
    cuda = torch.version.cuda
    least = nvidia.LEAST_DRIVER.get(int(cuda.partition(".")[0]), 0) if cuda else 0
    if count:
        _supported(torch, devices, found)
    elif gpu.trouble or (gpu.devices and not gpu.driver):
        found.tell("driver_silent", why=gpu.trouble or "no version")
    elif gpu and not cuda:
        plain = torch.__version__.partition("+")[0]
        build = nvidia.newest_build(gpu.driver_major)
        found.tell("torch_without_cuda", devices=devices, torch=torch.__version__, version=plain, build=build)
    elif gpu and gpu.driver_major is not None and gpu.driver_major < least:
        found.tell("driver_too_old", driver=gpu.driver, cuda=cuda, least=least)
    elif gpu:
        found.tell("cuda_unusable", devices=devices, cuda=cuda, driver=gpu.driver)


def _supported(torch: Any, devices: str, found: Diagnosis) -> None:
    """Whether the build has code for this device: its own, or a form that the driver can still translate."""
    major, minor = torch.cuda.get_device_capability(0)
    here, built = major * 10 + minor, torch.cuda.get_arch_list()
    kinds = [(kind, int(re.sub(r"\D", "", number))) for kind, _, number in (one.partition("_") for one in built)]
    runs = any(at // 10 == major and at <= here if kind == "sm" else at <= here for kind, at in kinds)
    if built and not runs:
        found.tell("gpu_unsupported", torch=torch.__version__, devices=devices, capability=f"{major}.{minor}")


def _model(settings: Config, loaded: Mapping[str, Any], device: str, found: Diagnosis) -> None:
    gpu = device.startswith("cuda")
    try:
        folder = loading.converted_folder(settings)
        if folder:
            found.facts["model"] = f"{folder.name}, {folder}, converted for CTranslate2"
            return
        known = loaded["whisper"]._MODELS
        place = choice.locate(settings.model, settings.model_dir, known, gpu=gpu)
    except choice.ModelUnobtainable as error:
        found.tell("model_refused", why=error)
        return
    there = place.path.is_file()
    has_it = [source for source in sources.of(settings.sources, known, settings.hf_endpoint) if source.has(place.model)]
    found.facts["model"] = f"{place.name}, {place.path if there else 'not here yet'}"
    parameters = memory.parameters_of(place.name)
    if not there and not place.sha256:
        found.tell("model_damaged", path=place.path, why="there is no such file")
    elif not there:
        _to_fetch(settings, place, has_it, found)
    elif not place.is_whole():
        found.tell("model_to_fetch_again", path=place.path, model=place.name)
    else:
        parameters = _whole(place, loaded, found)
    _fits(place.name, parameters, device, found)


def _to_fetch(settings: Config, place: choice.LocatedModel, has_it: list[Source], found: Diagnosis) -> None:
    """Where a model that is not here would come from."""
    stops = settings.model != "auto"
    if has_it:
        code = "model_to_fetch_or_stop" if stops else "model_to_fetch"
    else:
        code = "model_without_source_stops" if stops else "model_without_source"
    found.tell(
        code,
        model=place.name,
        file=place.path.name,
        folder=settings.model_dir,
        sources=", ".join(source.address(place.model) for source in has_it),
        names=",".join(settings.sources),
    )


def _whole(place: choice.LocatedModel, loaded: Mapping[str, Any], found: Diagnosis) -> float:
    """How many parameters a checkpoint has; 0, and it is told, where it is damaged or none. The file is mapped, and no
    model is made of it."""
    try:
        held = _read(place.path, loaded["torch"])
        dims, state = loaded["whisper"].ModelDimensions(**held["dims"]), held["model_state_dict"]
        shapes = {
            "encoder.conv1.weight": (dims.n_audio_state, dims.n_mels, 3),
            "decoder.token_embedding.weight": (dims.n_vocab, dims.n_text_state),
            f"encoder.blocks.{dims.n_audio_layer - 1}.attn.key.weight": (dims.n_audio_state, dims.n_audio_state),
            f"decoder.blocks.{dims.n_text_layer - 1}.attn.key.weight": (dims.n_text_state, dims.n_text_state),
        }
        for name, shape in shapes.items():
            if tuple(state[name].shape) != shape:
                raise ValueError(f"{name} has another shape than its dims say")
    except LOADING_ERRORS as error:
        found.tell(
            "model_damaged", path=place.path, why=f"{type(error).__name__}: {error}".splitlines()[0].split(". ")[0]
        )
        return 0
    tongues = "English alone" if dims.n_vocab < MULTILINGUAL else "many languages"
    found.facts["model"] += f", {'for trying out alone' if place.path == choice.DEMO else tongues}"
    return float(sum(one.numel() for one in state.values()))


def _read(path: Path, torch: Any) -> Any:
    """A checkpoint, every byte of its archive looked at."""
    packed = zipfile.is_zipfile(path)
    if packed:
        with zipfile.ZipFile(path) as archive:
            torn = archive.testzip()
            if torn:
                raise ValueError(f"{torn} in it is damaged")
    return torch.load(path, map_location="cpu", weights_only=True, mmap=packed)


def _fits(model: str, parameters: float, device: str, found: Diagnosis) -> None:
    """Whether there is memory for it, where both are known."""
    gpu = device.startswith("cuda")
    free = memory.free_on(device)
    needed = memory.needed(parameters)
    if parameters and free is not None and free < needed:
        sizes = {"needed": f"{needed / GIGABYTE:.1f}", "free": f"{free / GIGABYTE:.1f}"}
        found.tell("gpu_memory_short" if gpu else "memory_short", model=model, smaller=SMALLER, **sizes)


def lines(found: Diagnosis) -> Iterator[str]:
    """For people."""
    for name, value in found.facts.items():
        yield f"{name}: {value}"
    for problem in found.problems:
        yield f"{problem.level.upper()}: {problem.message}\n  {problem.cure}"
    yield "Speech can hear." if found.hears else "Speech cannot hear until that is mended."
