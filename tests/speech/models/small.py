"""A small model of Whisper's shape with random weights, in each form that a source has it."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import whisper

from speech.engines.ctranslate2 import model_folder as converted

NAME = "small"  # a name that openai-whisper lists and whose tensors nobody has listed
WIDTH, LAYERS = 64, 2
TO_TRANSFORMERS = (  # in this order
    ("blocks.", "layers."),
    ("cross_attn_ln", "encoder_attn_layer_norm"),
    ("attn_ln", "self_attn_layer_norm"),
    ("mlp_ln", "final_layer_norm"),
    ("cross_attn.", "encoder_attn."),
    (".attn.", ".self_attn."),
    ("query", "q_proj"),
    ("key", "k_proj"),
    ("value", "v_proj"),
    (".out.", ".out_proj."),
    ("mlp.0", "fc1"),
    ("mlp.2", "fc2"),
    ("ln_post", "layer_norm"),
    ("decoder.ln.", "decoder.layer_norm."),
    ("positional_embedding", "embed_positions.weight"),
    ("token_embedding", "embed_tokens"),
)
SAFETENSORS_TYPES = {torch.float32: "F32", torch.float16: "F16"}


def tensors(seed: int = 1) -> dict[str, torch.Tensor]:
    """By openai-whisper's names, float16, always the same."""
    torch.manual_seed(seed)
    dims = whisper.ModelDimensions(
        n_mels=80, n_audio_ctx=1500, n_audio_state=WIDTH, n_audio_head=1, n_audio_layer=LAYERS,
        n_vocab=51_865, n_text_ctx=448, n_text_state=WIDTH, n_text_head=1, n_text_layer=LAYERS,
    )  # fmt: skip
    model = whisper.model.Whisper(dims)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    made: dict[str, torch.Tensor] = model.half().state_dict()
    return made


def ctranslate2_file(checkpoint: Path, folder: Path) -> Path:
    """The checkpoint as CTranslate2's own writer stores it."""
    converted.convert(checkpoint, NAME, folder / "converted")
    return folder / "converted" / "model.bin"


def safetensors_file(path: Path, held: dict[str, torch.Tensor], dtype: torch.dtype = torch.float32) -> Path:
    """The tensors by transformers' names, with the output layer that is the embedding again."""
    named = {"model." + transformers_name(name): tensor.to(dtype) for name, tensor in held.items()}
    named["proj_out.weight"] = named["model.decoder.embed_tokens.weight"]
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, tensor in named.items():
        raw = tensor.contiguous().numpy().tobytes()
        place = {"dtype": SAFETENSORS_TYPES[dtype], "shape": list(tensor.shape)}
        header[name] = {**place, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def transformers_name(name: str) -> str:
    for ours, theirs in TO_TRANSFORMERS:
        name = name.replace(ours, theirs)
    return name
