"""The training: attention learns to write, CTC to hear, on short clips first and then on the engine's windows."""

import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from tools.demo_model import measure
from tools.demo_model.corpus import Corpus
from tools.demo_model.examples import IGNORED, Batch, Mix, batch
from tools.demo_model.network import Network, Size, plain_attention
from tools.demo_model.vocabulary import WHOLE, Vocabulary

WARMING_STEPS = 150
LEAST_RATE = 2e-5
FRAME = 320  # samples a frame of the encoder's output


@dataclass(frozen=True)
class Recipe:
    """How it is trained. The bundled model is as it stands here, in some 11,700 steps."""

    minutes: float
    window_minutes: float  # after those, on windows of 30 s alone
    size: Size = field(default_factory=Size)
    mix: Mix = field(default_factory=Mix)
    rate: float = 1.2e-3
    ctc: float = 1.0  # its weight beside attention's
    told_every: float = 600.0  # seconds between two looks at how it goes, each with a checkpoint
    most_steps: int | None = None  # an end before the time is over
    seed: int = 0


@dataclass(frozen=True)
class Loss:
    """What is still wrong: per token written, and per clip heard."""

    written: float
    heard: float


class Training:
    """One network on its way; `run` goes on till the recipe's end."""

    def __init__(self, work: Path, recipe: Recipe, resume: bool = False) -> None:
        self.work, self.recipe = work, recipe
        self.corpus = Corpus(work, "train")
        vocabulary = Vocabulary.of(self.corpus.texts())
        torch.manual_seed(recipe.seed)
        self.network = Network(recipe.size, vocabulary)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
        self.step = 0
        self.losses: list[Loss] = []
        # a row that many tokens share stands for all of them in the sum under the fraction
        self._share = torch.zeros(vocabulary.shared + 1)
        self._share[vocabulary.shared] = math.log(WHOLE - vocabulary.shared)
        if resume:
            kept = torch.load(work / "training.pt")
            self.network.load_state_dict(kept["network"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.step = kept["step"]

    def run(self) -> None:
        """Train, look at it from time to time, and write `demo.pt`."""
        recipe, began, first = self.recipe, time.monotonic(), self.step
        whole = (recipe.minutes + recipe.window_minutes) * 60
        rng, told_at = np.random.default_rng((recipe.seed, first)), began
        with plain_attention(), ThreadPoolExecutor(1) as ahead:
            waiting = ahead.submit(self._batch, rng, windows=recipe.minutes <= 0)
            while (gone := time.monotonic() - began) < whole and self.step - first != recipe.most_steps:
                ready, waiting = waiting, ahead.submit(self._batch, rng, windows=gone > recipe.minutes * 60)
                warm = min(1.0, (self.step - first + 1) / WARMING_STEPS)
                self._learn(
                    ready.result(), max(LEAST_RATE, recipe.rate * warm * (1 + math.cos(math.pi * gone / whole)) / 2)
                )
                if time.monotonic() - told_at > recipe.told_every:
                    self._tell(gone)
                    told_at = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write the checkpoint for openai-whisper, and what it takes to go on."""
        self.network.export(self.work / "demo.pt")
        kept = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step}
        torch.save(kept, self.work / "training.pt")

    def _batch(self, rng: np.random.Generator, *, windows: bool) -> Batch:
        return batch(self.corpus, rng, self.recipe.mix, self.network.vocabulary, windows=windows)

    def _learn(self, given: Batch, rate: float) -> None:
        self.optimizer.param_groups[0]["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            audio = self.network.encode(given.mel)
            scores = self.network.decode(given.rows, audio)
        written = F.cross_entropy(
            (scores.float() + self._share).flatten(0, 1),
            given.wanted.flatten(),
            ignore_index=IGNORED,
            label_smoothing=0.02,
        )
        heard = self._ctc(given, audio.float())
        self.optimizer.zero_grad()
        torch.autograd.backward(written + self.recipe.ctc * heard)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.losses.append(Loss(written.item(), heard.item()))

    def _ctc(self, given: Batch, audio: torch.Tensor) -> torch.Tensor:
        frames = torch.tensor([min(audio.shape[1], samples // FRAME + 1) for samples in given.samples])
        return F.ctc_loss(
            self.network.ctc(audio).log_softmax(-1).transpose(0, 1),
            torch.tensor([row for line in given.heard for row in line] or [0]),
            frames,
            torch.tensor([len(line) for line in given.heard]),
            blank=self.network.vocabulary.blank,
            zero_infinity=True,
        )

    def _tell(self, gone: float) -> None:
        self.save()
        written = sum(loss.written for loss in self.losses) / len(self.losses)
        heard = sum(loss.heard for loss in self.losses) / len(self.losses)
        self.losses.clear()
        sys.stdout.write(f"{gone / 60:.1f} min, step {self.step}: written {written:.3f}, heard {heard:.3f}\n")
        for name in ("seen", "unheard"):
            sys.stdout.write(f"  {name}: {measure.briefly(self.work / 'demo.pt', Corpus(self.work, name))}\n")
        sys.stdout.flush()
