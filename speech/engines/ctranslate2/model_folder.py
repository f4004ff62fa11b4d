"""The folder that holds a CTranslate2 model: found where it is one already, made once of a checkpoint elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from whisper.model import ModelDimensions
from whisper.tokenizer import Tokenizer

from speech.decoder.checkpoint import alignment_heads
from speech.engines.ctranslate2 import network, vocabulary
from speech.models import choice
from speech.models.source import file_sha256

FOLDER = "ctranslate2"  # within WHISPER_MODEL_DIR
WEIGHTS = "model.bin"  # a folder with this in it is a model
FORM = 1  # counted up when the same checkpoint would be converted otherwise
FEATURES = {"sampling_rate": 16_000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}  # whisper.audio's own


def is_model(path: Path) -> bool:
    """Whether this is a folder with a CTranslate2 model in it."""
    return (path / WEIGHTS).is_file()


def place(checkpoint: Path, name: str, folder: Path) -> Path:
    """Where the conversion of `checkpoint` lies below `folder`, or would. Another file by the same name has another."""
    plain = name.removesuffix(".pt")
    return folder / FOLDER / f"{plain}-{file_sha256(checkpoint)[:16]}-{FORM}"


def obtain(checkpoint: Path, name: str, folder: Path, say: choice.Say) -> Path:
    """The model made of `checkpoint`, below `folder`; made now unless it is there. `name` is openai-whisper's, or any
    other. Raises `ModelUnobtainable` where the folder cannot be written, and whatever `convert` raises."""
    target = place(checkpoint, name, folder)
    if is_model(target):
        return target
    say(f"Converting {checkpoint.name} for CTranslate2, once, into {target}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=target.name, suffix=".part") as part:
            made = Path(part) / "model"
            convert(checkpoint, name, made)
            _to_disk(made)
            _moved(made, target)
    except OSError as error:
        raise choice.ModelUnobtainable(
            f"{checkpoint} cannot be converted into {target}: {error}. Set WHISPER_MODEL_DIR to a folder that can be "
            "written."
        ) from error
    return target


def convert(checkpoint: Path, name: str, target: Path) -> None:
    """Write a CTranslate2 model into the new folder `target`. Raises what torch does for a file that is no checkpoint;
    `KeyError`, `TypeError` and `ValueError` for one of another kind."""
    held = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(checkpoint))
    dims = ModelDimensions(**held["dims"])
    tokenizer = vocabulary.of(dims.n_vocab)
    spec = network.specification(dims, held["model_state_dict"], vocabulary.listed(tokenizer))
    for key, value in _configured(name, dims, tokenizer).items():
        setattr(spec.config, key, value)
    target.mkdir()
    spec.save(str(target))
    vocabulary.merging(tokenizer).save(str(target / "tokenizer.json"))
    features = json.dumps({"feature_size": dims.n_mels, **FEATURES}, indent=2)
    (target / "preprocessor_config.json").write_text(features, encoding="utf-8")


def _configured(name: str, dims: ModelDimensions, tokenizer: Tokenizer) -> Mapping[str, Any]:
    """What CTranslate2 is told beside the weights: which tokens are never written, which are languages, and whose
    attention tells the times of words."""
    never = {tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm}
    return {
        "suppress_ids": sorted({*tokenizer.non_speech_tokens, *never, tokenizer.no_speech}),
        "suppress_ids_begin": [*tokenizer.encode(" "), tokenizer.eot],
        "lang_ids": list(tokenizer.all_language_tokens),
        "alignment_heads": list(alignment_heads(name, dims)),
    }


def _to_disk(folder: Path) -> None:
    """Before it has its name: what a power cut tore would be taken for a whole model ever after."""
    for file in folder.iterdir():
        with file.open("rb+") as written:
            os.fsync(written.fileno())


def _moved(made: Path, target: Path) -> None:
    """Into its place at once. Another process may have been quicker, or have been killed half-way, long ago."""
    if target.exists() and not is_model(target):
        shutil.rmtree(target)
    try:
        made.replace(target)
    except OSError:
        if not is_model(target):
            raise
