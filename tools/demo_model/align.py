"""When each token of a spoken sentence ends, by the CTC head: for cutting examples in mid-sentence."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from tools.demo_model.corpus import Corpus
from tools.demo_model.network import Network, log_mel
from tools.demo_model.vocabulary import encoded

FRAME_SECONDS = 0.02
CLIPS = 48  # at once
PADDING = 4000  # samples of silence behind the longest
_NEVER = -1e9


def align(work: Path, network: Network) -> None:
    """Write `train_aligned.json`: for each sentence the seconds at which its tokens end."""
    corpus, ends = Corpus(work, "train"), dict[int, list[float]]()
    by_length = sorted(range(len(corpus)), key=lambda index: len(corpus[index].audio))
    network.eval()
    for first in range(0, len(by_length), CLIPS):
        indexes = by_length[first : first + CLIPS]
        ends |= dict(zip(indexes, _ends(corpus, indexes, network), strict=True))
    network.train()
    (work / "train_aligned.json").write_text(json.dumps([ends[index] for index in range(len(corpus))]))


def _ends(corpus: Corpus, indexes: list[int], network: Network) -> list[list[float]]:
    clips = [corpus[index] for index in indexes]
    audio = np.zeros((len(clips), max(len(clip.audio) for clip in clips) + PADDING), np.float32)
    for row, clip in zip(audio, clips, strict=True):
        row[: len(clip.audio)] = clip.audio
    with torch.inference_mode():
        with torch.autocast("cpu", torch.bfloat16):
            heard = network.encode(log_mel(torch.from_numpy(audio)))
        scores = network.ctc(heard.float()).log_softmax(-1).numpy()
    found = []
    for clip, frames in zip(clips, scores, strict=True):
        rows = np.array(network.vocabulary.rows(encoded(clip.text(clip.language))))
        last = best_path(frames[: len(clip.audio) // 320 + 3], rows, network.vocabulary.blank)
        found.append([round((int(frame) + 1) * FRAME_SECONDS, 2) for frame in last])
    return found


def best_path(scores: npt.NDArray[np.float32], tokens: npt.NDArray[np.int_], blank: int) -> npt.NDArray[np.int_]:
    """The last frame of each token on the likeliest path (Viterbi) through CTC's states, blanks between all tokens.

    scores: log probabilities (frames, classes); tokens (n,).
    """
    states = np.full(2 * len(tokens) + 1, blank)
    states[1::2] = tokens
    given = scores[:, states]
    may_skip = np.zeros(len(states), bool)  # a blank between two different tokens may be left out
    may_skip[2:] = (states[2:] != blank) & (states[2:] != states[:-2])
    likelihood = np.full(len(states), _NEVER)
    likelihood[:2] = given[0, :2]
    came_from = np.zeros(given.shape, np.int8)  # how many states back
    for frame in range(1, len(given)):
        one = np.concatenate([[_NEVER], likelihood[:-1]])
        two = np.where(may_skip, np.concatenate([[_NEVER, _NEVER], likelihood[:-2]]), _NEVER)
        choices = np.stack([likelihood, one, two])
        came_from[frame] = choices.argmax(0)
        likelihood = choices.max(0) + given[frame]
    state = len(states) - 1 if likelihood[-1] >= likelihood[-2] else len(states) - 2
    ends = np.zeros(len(tokens), np.int_)
    for frame in range(len(given) - 1, -1, -1):
        if state % 2:
            ends[state // 2] = max(ends[state // 2], frame)
        state -= came_from[frame, state]
    return ends
