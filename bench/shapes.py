"""Checkpoints to measure with: the bundled one, and random weights in the shapes of openai-whisper's models."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from speech.models import choice

BUNDLED = "demo"
# mels, width, heads and layers of the encoder; vocabulary; layers of the decoder
SHAPES = {
    "tiny": (80, 384, 6, 4, 51_865, 4),
    "base": (80, 512, 8, 6, 51_865, 6),
    "small": (80, 768, 12, 12, 51_865, 12),
    "medium": (80, 1024, 16, 24, 51_865, 24),
    "turbo": (128, 1280, 20, 32, 51_866, 4),
    "large-v3": (128, 1280, 20, 32, 51_866, 32),
}
SPREAD = 0.02  # of the weights, as networks are begun with


@dataclass(frozen=True)
class Files:
    """The same weights for each engine."""

    checkpoint: Path  # openai-whisper's .pt
    converted: Path  # CTranslate2's folder


def files(name: str, folder: Path) -> Files:
    """The checkpoint `name`, a shape or the bundled one, and its conversion, made in `folder`."""
    from speech.engines.ctranslate2 import model_folder

    checkpoint = choice.DEMO if name == BUNDLED else random(name, folder / f"{name}.pt")
    return Files(checkpoint, model_folder.obtain(checkpoint, name, folder, lambda _: None))


def random(shape: str, path: Path) -> Path:
    """A checkpoint of this shape that knows nothing, in half precision as openai-whisper's are, always the same."""
    import torch
    from whisper.model import AudioEncoder, ModelDimensions, TextDecoder

    mels, width, heads, layers, vocabulary, text_layers = SHAPES[shape]
    dims = ModelDimensions(mels, 1500, width, heads, layers, vocabulary, 448, width, heads, text_layers)
    with torch.device("meta"):  # names and shapes; no memory
        encoder = AudioEncoder(mels, 1500, width, heads, layers).state_dict(prefix="encoder.")
        decoder = TextDecoder(vocabulary, 448, width, heads, text_layers).state_dict(prefix="decoder.")
    source = torch.Generator().manual_seed(1)
    made = {
        name: torch.ones(like.shape, dtype=torch.float16)
        if name.endswith(("ln.weight", "ln_post.weight"))
        else (torch.randn(like.shape, generator=source) * SPREAD).half()
        for name, like in {**encoder, **decoder}.items()
    }
    torch.save({"dims": asdict(dims), "model_state_dict": made}, path)
    return path
