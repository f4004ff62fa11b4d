"""What the network learns from: clips as the product sends them, and what is to be written for each."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from speech.audio.codec import SAMPLE_RATE, Audio
from tools.demo_model.corpus import LANGUAGES, Corpus
from tools.demo_model.network import log_mel
from tools.demo_model.vocabulary import (
    EARLIER,
    END,
    LANGUAGE,
    NO_SPEECH,
    NO_TIMES,
    START,
    TASK,
    Vocabulary,
    encoded,
    time,
    whole_characters,
)

LONGEST_SECONDS = 20  # a clip's
WINDOW = 30 * SAMPLE_RATE
SENTENCES = (1, 2, 3, 5, 8)  # in a clip
CLIPS = {1: 28, 2: 18, 3: 12, 5: 8, 8: 6}  # in a batch, by sentences in each
CLIPS_OF_WINDOWS = {1: 8, 2: 8, 3: 8, 5: 6, 8: 6}  # where each is padded to the engine's 30 s
IGNORED = -100  # a place that counts for nothing

Random = np.random.Generator


@dataclass(frozen=True)
class Mix:
    """What there is how often: shares of all clips."""

    sentences: tuple[float, ...] = (0.36, 0.18, 0.14, 0.14, 0.18)  # for each of SENTENCES
    silence: float = 0.05
    translated: float = 0.15
    cut_short: float = 0.25  # in mid-sentence, as what is heard while somebody speaks
    with_earlier: float = 0.2  # with earlier text as prompt
    with_times: float = 0.4
    clean: float = 0.0  # neither echo nor noise: to begin with


@dataclass(frozen=True)
class Example:
    """A clip, the tokens to write, those for CTC, and how many of the first are given."""

    audio: Audio
    tokens: list[int]
    heard: list[int]
    given: int = 0
    silent: bool = False


@dataclass
class _Segment:
    start: float
    end: float
    tokens: list[int]
    ends: list[float]


@dataclass(frozen=True)
class Batch:
    """Examples side by side, padded."""

    mel: Tensor
    rows: Tensor
    wanted: Tensor
    heard: list[list[int]]
    samples: list[int]


def example(corpus: Corpus, rng: Random, mix: Mix, sentences: int = 1) -> Example:
    """One clip of up to so many sentences of one language."""
    language = LANGUAGES[rng.integers(len(LANGUAGES))]
    if rng.random() < mix.silence:
        hiss = rng.standard_normal(int(SAMPLE_RATE * rng.uniform(0.5, 6))) * 10 ** -rng.uniform(1.5, 5)
        tokens = [START, LANGUAGE[language], TASK["transcribe"], NO_TIMES, END]
        return Example(hiss.astype(np.float32), tokens, [], silent=True)
    task = "translate" if language != "en" and rng.random() < mix.translated else "transcribe"
    written = "en" if task == "translate" else language
    audio, segments, heard = _said(corpus, rng, language, written, sentences)
    if task == "transcribe" and rng.random() < mix.cut_short:
        audio, segments = _cut(audio, segments, rng)
        heard = [token for segment in segments for token in segment.tokens]
    else:
        audio = np.concatenate([audio, _silence(rng.uniform(0, 1.5))])
    prompt = _earlier(corpus, rng, language, written) if rng.random() < mix.with_earlier else []
    tokens = [*prompt, START, LANGUAGE[language], TASK[task], *_written(segments, times=rng.random() < mix.with_times)]
    return Example(augmented(audio, rng, mix.clean), [*tokens, END], heard, given=len(prompt))


def batch(corpus: Corpus, rng: Random, mix: Mix, vocabulary: Vocabulary, *, windows: bool) -> Batch:
    """As many examples as fit; `windows`: padded to 30 s, as the engine hears them."""
    sentences = int(rng.choice(SENTENCES, p=mix.sentences))
    windows = windows or rng.random() < 0.22
    clips = (CLIPS_OF_WINDOWS if windows else CLIPS)[sentences]
    examples = [example(corpus, rng, mix, sentences) for _ in range(clips)]
    length = WINDOW
    if not windows:  # a multiple of 0.2 s, sometimes with more silence behind it
        longest = max(len(one.audio) for one in examples)
        length = min(WINDOW, -(-longest // 3200) * 3200 + int(rng.choice((0, 0, 3200, 9600))))
    audio = np.zeros((clips, length), np.float32)
    for row, one in zip(audio, examples, strict=True):
        row[: len(one.audio)] = one.audio[:length]
    mel = log_mel(torch.from_numpy(audio))
    if rng.random() < 0.5:
        _mask(mel, rng)
    rows, wanted = _targets(examples, vocabulary)
    return Batch(mel, rows, wanted, [vocabulary.rows(one.heard) for one in examples], [len(e.audio) for e in examples])


def augmented(audio: Audio, rng: Random, clean: float = 0.0) -> Audio:
    """As a room and a microphone make it: echo, dullness, noise, another level."""
    if rng.random() < clean:
        return _levelled(audio, rng.uniform(0, 12))
    if rng.random() < 0.4:
        audio = _echoing(audio, rng)
    if rng.random() < 0.3:
        spectrum = np.fft.rfft(audio)
        spectrum[int(len(spectrum) * rng.uniform(0.42, 0.95)) :] *= 0.05
        audio = np.fft.irfft(spectrum, len(audio)).astype(np.float32)
    if rng.random() < 0.8:
        noise = rng.standard_normal(len(audio))
        if rng.random() < 0.5:  # falling with frequency, as fans and traffic do
            spectrum = np.fft.rfft(noise)
            noise = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 8), len(audio))
        level = np.sqrt((audio**2).mean() + 1e-9) * 10 ** (-rng.uniform(8, 45) / 20)
        audio = (audio + noise / (noise.std() + 1e-9) * level).astype(np.float32)
    return _levelled(audio, rng.uniform(0, 22))


def _levelled(audio: Audio, decibels: float) -> Audio:
    return np.asarray(audio / (np.abs(audio).max() + 1e-6) * 10 ** (-decibels / 20), dtype=np.float32)


def _echoing(audio: Audio, rng: Random) -> Audio:
    n = int(SAMPLE_RATE * rng.uniform(0.05, 0.35))
    tail = rng.standard_normal(n) * np.exp(-np.arange(n) / (n / 5)) * rng.uniform(0.02, 0.12)
    tail[0] = 1
    size = 1 << (len(audio) + n - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(audio, size) * np.fft.rfft(tail, size), size)[: len(audio)].astype(np.float32)


def _silence(seconds: float) -> Audio:
    return np.zeros(int(SAMPLE_RATE * seconds), np.float32)


def _said(
    corpus: Corpus, rng: Random, language: str, written: str, sentences: int
) -> tuple[Audio, list[_Segment], list[int]]:
    """Sentences in a row after some seconds of room; no more than a clip holds."""
    parts = [_silence(rng.uniform(0, 3.5) if rng.random() < 0.5 else rng.uniform(0, 0.6))]
    at, segments, heard = len(parts[0]), list[_Segment](), list[int]()
    for n in range(sentences):
        index = int(rng.choice(corpus.of[language]))
        spoken, gap = corpus[index], _silence(rng.uniform(0.1, 0.9) if n else 0)
        if n and at + len(gap) + len(spoken.audio) > LONGEST_SECONDS * SAMPLE_RATE:
            break
        start = (at + len(gap)) / SAMPLE_RATE
        at += len(gap) + len(spoken.audio)
        parts += [gap, spoken.audio]
        tokens = encoded(spoken.text(written))
        ends = [start + end for end in corpus.ends(index, len(tokens))]
        segments.append(_Segment(start, at / SAMPLE_RATE, tokens, ends))
        heard += encoded(spoken.text(language))
    return np.concatenate(parts), segments, heard


def _cut(audio: Audio, segments: list[_Segment], rng: Random) -> tuple[Audio, list[_Segment]]:
    """Cut while somebody speaks, with the tokens that were said by then."""
    at = rng.uniform(segments[0].start + 0.3, segments[-1].end)
    kept = []
    for one in segments:
        said = len(one.tokens) if one.end <= at else sum(1 for end in one.ends if end <= at - 0.04)
        tokens = whole_characters(one.tokens[:said])
        if one.start < at and tokens:
            kept.append(_Segment(one.start, min(one.end, at), tokens, one.ends))
    return audio[: int(at * SAMPLE_RATE)], kept


def _earlier(corpus: Corpus, rng: Random, language: str, written: str) -> list[int]:
    said = rng.choice(corpus.of[language], int(rng.integers(1, 4)))
    return [EARLIER, *(token for index in said for token in encoded(corpus[int(index)].text(written)))]


def _written(segments: list[_Segment], *, times: bool) -> list[int]:
    if times:
        return [token for one in segments for token in (time(one.start), *one.tokens, time(one.end))]
    return [NO_TIMES, *(token for one in segments for token in one.tokens)]


def _targets(examples: list[Example], vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """What goes in and what is to come out, a place later; what is given counts for nothing."""
    longest = max(len(one.tokens) for one in examples)
    rows = np.full((len(examples), longest), vocabulary.rows([END])[0])
    wanted = np.full((len(examples), longest), IGNORED)
    for n, one in enumerate(examples):
        line = vocabulary.rows(one.tokens)
        rows[n, : len(line)] = line
        wanted[n, : len(line) - 1] = line[1:]
        wanted[n, : one.given] = IGNORED
        if one.silent:
            wanted[n, 0] = vocabulary.rows([NO_SPEECH])[0]
    return torch.from_numpy(rows), torch.from_numpy(wanted)


def _mask(mel: Tensor, rng: Random) -> None:
    """Some bands and some moments taken away (SpecAugment, lightly)."""
    for clip in mel:
        average = clip.mean()
        band, moment = int(rng.integers(70)), int(rng.integers(clip.shape[1]))
        clip[band : band + int(rng.integers(10))] = average
        clip[:, moment : moment + int(rng.integers(16))] = average
