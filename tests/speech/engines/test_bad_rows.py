"""Bad input to the speech tier, one row of the table each: a typed error that says whether to retry, a clear word, and
nobody else notices."""

from __future__ import annotations

import asyncio
import io
import pickle
import struct
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest
import pytest_asyncio
import torch

from speech import loading
from speech.audio import codec
from speech.config import Config
from speech.engines import SAMPLE_RATE, Engine, EngineError, Hypothesis, Options, Outcome, Row, lost, refusal
from speech.models import checkpoint_file, choice
from speech.queue.scheduler import EngineBroken, Scheduler
from speech.queue.turns import Priority
from speech.server.node import Node, UnknownLanguage
from speech.transcription.transcription import Request
from tests.speech import sounds

ENGLISH = Options(language="en")
GOOD = sounds.sentences("en")[0]
SECOND = np.zeros(SAMPLE_RATE, np.float32)


def with_one(value: float) -> np.ndarray:
    """A good clip but for one sample."""
    audio = GOOD.audio.copy()
    audio[1000] = value
    return audio


# what no engine can hear, by the row; and a word of the reason
BAD_ROWS = {
    "NaN": (Row(with_one(np.nan), ENGLISH), "no numbers"),
    "inf": (Row(with_one(np.inf), ENGLISH), "no numbers"),
    "-inf": (Row(with_one(-np.inf), ENGLISH), "no numbers"),
    "nothing but NaN": (Row(np.full(16_000, np.nan, np.float32), ENGLISH), "no numbers"),
    "another scale": (Row(GOOD.audio * np.float32(32768), ENGLISH), "full scale"),
    "power without end": (Row(with_one(-3e38), ENGLISH), "full scale"),
    "empty": (Row(np.zeros(0, np.float32), ENGLISH), "no audio"),
    "31 s": (Row(np.zeros(31 * SAMPLE_RATE, np.float32), ENGLISH), "longer than 30 s"),
    "one sample too many": (Row(np.zeros(30 * SAMPLE_RATE + 1, np.float32), ENGLISH), "longer than 30 s"),
    "8 kHz": (Row(GOOD.audio[::2].copy(), ENGLISH, rate=8000), "8000 samples"),
    "48 kHz": (Row(GOOD.audio, ENGLISH, rate=48_000), "48000 samples"),
    "two channels": (Row(np.stack([GOOD.audio, GOOD.audio]), ENGLISH), "one dimension"),
    "a number": (Row(np.float32(0.5), ENGLISH), "one dimension"),
    "a list": (Row(list(GOOD.audio[:100]), ENGLISH), "one dimension"),
    "no array at all": (Row(None, ENGLISH), "one dimension"),
    "double precision": (Row(GOOD.audio.astype(np.float64), ENGLISH), "float32"),
    "integers": (Row((GOOD.audio * 32767).astype(np.int16), ENGLISH), "float32"),
    "a language it does not know": (Row(SECOND, Options(language="fr")), "language"),
    "no language at all": (Row(SECOND, Options(language="")), "language"),
    "languages it does not know": (Row(SECOND, Options(languages=("fr", "xx"))), "languages"),
    "a task it does not know": (Row(SECOND, Options(language="en", task="sing")), "task"),
    "a text of no token": (Row(SECOND, Options(language="en", max_tokens=0)), "one token"),
    "a window it does not know": (Row(SECOND, Options(language="en", window="open")), "window"),
}


@pytest.mark.parametrize(("row", "why"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_row_that_cannot_be_heard_is_refused_and_says_why(engine, row, why):
    error = refusal(row, engine.capabilities)
    assert why in str(error)
    assert error.retryable is False


def test_a_batch_of_all_of_them_has_an_error_in_each_place_and_the_neighbours_are_heard(engine):
    good = Row(GOOD.audio, ENGLISH)
    first, *refused, last = engine.transcribe([good, *(row for row, _ in BAD_ROWS.values()), good])
    assert [first.text, last.text] == [GOOD.text, GOOD.text]
    for outcome, (_, why) in zip(refused, BAD_ROWS.values(), strict=True):
        assert isinstance(outcome, EngineError)
        assert why in str(outcome)
        assert outcome.retryable is False


@pytest.mark.parametrize("samples", [1, 2, 100, 30 * SAMPLE_RATE])
def test_the_shortest_and_the_longest_row_are_heard(engine, samples):
    heard, good = engine.transcribe([Row(np.zeros(samples, np.float32), ENGLISH), Row(GOOD.audio, ENGLISH)])
    assert isinstance(heard, Hypothesis)
    assert good.text == GOOD.text


def test_no_rows_are_no_outcomes(engine):
    assert engine.transcribe([]) == []


async def test_they_are_turned_away_at_the_queue_too_and_the_others_get_their_text(engine):
    scheduler = Scheduler(engine)
    bad = [row for row, _ in BAD_ROWS.values() if row.rate == SAMPLE_RATE]  # a caller of the queue says no rate
    rows = [Row(GOOD.audio, ENGLISH), *bad, Row(GOOD.audio, ENGLISH)]
    told = await asyncio.gather(
        *(scheduler.hear(row.audio, row.options, Priority.FINAL) for row in rows), return_exceptions=True
    )
    await scheduler.drain(10)
    assert [told[0].text, told[-1].text] == [GOOD.text, GOOD.text]
    assert {type(error) for error in told[1:-1]} == {EngineError}


def float_wav(audio: np.ndarray, rate: int = SAMPLE_RATE, channels: int = 1) -> bytes:
    """A WAV of 32-bit floats, as a program might send it, whatever they are."""
    body = audio.astype("<f4").tobytes()
    frame = 4 * channels
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 3, channels, rate & 0xFFFFFFFF,
                       rate * frame & 0xFFFFFFFF, frame, 32)  # fmt: skip
    return head + struct.pack("<4sI", b"data", len(body)) + body


together = pytest.mark.asyncio(loop_scope="module")  # one node for all of these


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(engine) -> AsyncIterator[Node]:
    node = Node(Config(model="demo"), lambda: engine)
    await node.start()
    yield node
    await node.stop()


HEARD, SILENT = "heard", "silent"
BAD_CLIPS: dict[str, tuple[bytes, str | type[Exception]]] = {
    "NaN": (float_wav(with_one(np.nan)), HEARD),
    "inf": (float_wav(with_one(np.inf)), HEARD),
    "nothing but NaN": (float_wav(np.full(16_000, np.nan)), SILENT),
    "another scale": (float_wav(GOOD.audio * 32768), HEARD),
    "1 sample": (float_wav(np.ones(1)), SILENT),
    "no sample": (float_wav(np.zeros(0)), codec.Undecodable),
    "no bytes": (b"", codec.Undecodable),
    "8 kHz, and says so": (codec.as_wav(GOOD.audio[::2], 8000), HEARD),
    "48 kHz, and says so": (sounds.encoded(GOOD.audio, "wav", "pcm_s16le", rate=48_000), HEARD),
    "no rate": (float_wav(GOOD.audio, rate=0), codec.Undecodable),
    "too many channels": (float_wav(GOOD.audio, channels=9), codec.Undecodable),
    "60 s of a live clip": (codec.as_wav(np.zeros(60 * SAMPLE_RATE, np.float32)), codec.TooLong),
}


@together
@pytest.mark.parametrize(("data", "comes_to"), BAD_CLIPS.values(), ids=BAD_CLIPS)
async def test_a_bad_clip_comes_to_something_at_the_node_and_the_next_is_heard(node, data, comes_to):
    hearing = node.hear(Request(data, ENGLISH, Priority.FINAL))
    if isinstance(comes_to, str):
        answer = await hearing
        assert (answer.silent is None) == (comes_to == HEARD)
    else:
        with pytest.raises(comes_to) as caught:
            await hearing
        assert caught.value.retryable is False
    assert (await node.hear(Request(GOOD.data, ENGLISH, Priority.FINAL))).text == GOOD.text


@together
async def test_a_clip_longer_than_a_window_is_heard_in_pieces(node):
    audio = np.concatenate([GOOD.audio, np.zeros(31 * SAMPLE_RATE - len(GOOD.audio), np.float32)])
    assert GOOD.text in (await node.hear(Request(codec.as_wav(audio), ENGLISH, Priority.FINAL))).text


@together
@pytest.mark.parametrize(
    ("options", "error"),
    [
        (Options(language="fr"), UnknownLanguage),
        (Options(languages=("fr",)), UnknownLanguage),
        (Options(language="en", task="sing"), EngineError),
    ],
)
async def test_a_wish_that_the_model_cannot_meet_is_refused_at_the_node(node, options, error):
    with pytest.raises(error) as caught:
        await node.hear(Request(GOOD.data, options, Priority.FINAL))
    assert caught.value.retryable is False


def test_a_speaker_of_endless_length_is_refused_over_http(http):
    refused = http.post("/transcribe/binary", params={"speaker": "x" * 201}, content=GOOD.data)
    assert refused.status_code == httpx.codes.BAD_REQUEST
    assert "speaker" in refused.json()["error"]
    heard = http.post("/transcribe/binary", params={"speaker": "x" * 200, "priority": "final"}, content=GOOD.data)
    assert heard.json()["text"] == GOOD.text


class Small:
    """The real engine on a device whose memory holds so many rows, or that vanishes after so many calls."""

    def __init__(self, engine: Engine, *, rows: int = 1000, calls: int = 1000) -> None:
        self.name, self.model, self.device, self.demo = engine.name, engine.model, engine.device, engine.demo
        self.capabilities = engine.capabilities
        self.batches: list[int] = []
        self._engine, self._rows, self._calls = engine, rows, calls

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        self.batches.append(len(rows))
        if len(self.batches) > self._calls:
            raise torch.AcceleratorError("CUDA error: device-side assert triggered", 710)
        if len(rows) > self._rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total ...")
        return self._engine.transcribe(rows)


async def heard_together(scheduler: Scheduler) -> list[Hypothesis | BaseException]:
    """Eight sentences at once, one of them NaN."""
    clips = [sentence.audio for sentence in sounds.sentences("en")[:8]]
    clips[2] = with_one(np.nan)
    return await asyncio.gather(
        *(scheduler.hear(audio, ENGLISH, Priority.FINAL, speaker=f"{i}") for i, audio in enumerate(clips)),
        return_exceptions=True,
    )


@pytest.mark.parametrize("rows", [1, 2, 3])
async def test_memory_that_ends_in_the_middle_of_a_batch_costs_nobody_their_text(engine, rows):
    device = Small(engine, rows=rows)
    scheduler = Scheduler(device, beam=1)
    told = await heard_together(scheduler)
    await scheduler.drain(30)
    expected = [sentence.text for sentence in sounds.sentences("en")[:8]]
    assert [t.text for t in told if isinstance(t, Hypothesis)] == [t for i, t in enumerate(expected) if i != 2]
    assert isinstance(told[2], EngineError)
    assert max(device.batches) > rows  # it was too much, and then it was less
    assert not scheduler.broken.done()


async def test_a_clip_for_which_there_is_no_memory_at_all_may_come_again(engine):
    scheduler = Scheduler(Small(engine, rows=0))
    with pytest.raises(EngineError, match="out of memory") as caught:
        await scheduler.hear(GOOD.audio, ENGLISH, Priority.FINAL)
    assert caught.value.retryable
    await scheduler.drain(10)


async def test_a_device_that_vanishes_is_said_to_all_who_wait_and_is_worth_another_try(engine):
    device = Small(engine, calls=1)
    scheduler = Scheduler(device)
    assert (await scheduler.hear(GOOD.audio, ENGLISH, Priority.FINAL)).text == GOOD.text
    told = await heard_together(scheduler)
    assert [type(error) for error in told] == [EngineError if i == 2 else EngineBroken for i in range(8)]
    assert all(error.retryable for i, error in enumerate(told) if i != 2)
    assert (await scheduler.broken).retryable
    await scheduler.drain(10)


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."), True),
        (RuntimeError("CUDA failed with error out of memory"), True),  # CTranslate2
        (MemoryError(), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (ValueError("Expected parameter logits to satisfy the constraint"), False),
        (EngineError("as it said itself", retryable=True), True),
    ],
)
def test_what_a_library_raises_says_whether_to_try_again_and_quotes_nobody(error, retryable):
    told = lost(error)
    assert told.retryable is retryable
    assert isinstance(error, EngineError) or str(error) not in str(told) or not str(error)


def saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes/readme.txt", "not a model")
    return file.getvalue()


def flipped(whole: bytes) -> bytes:
    """A few bytes of the weights are others, as after a bad disk; torch would not notice."""
    middle = len(whole) // 2
    return whole[:middle] + bytes(byte ^ 0xFF for byte in whole[middle : middle + 64]) + whole[middle + 64 :]


DEMO = choice.DEMO.read_bytes()
DIMS = {
    "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": 32, "n_audio_head": 2, "n_audio_layer": 1,
    "n_vocab": 51865, "n_text_ctx": 448, "n_text_state": 32, "n_text_head": 2, "n_text_layer": 1,
}  # fmt: skip
BAD_CHECKPOINTS = {
    "empty": (b"", "is empty"),
    "cut short": (DEMO[: len(DEMO) // 2], "cut short or damaged"),
    "without its end": (DEMO[:-1000], "cut short or damaged"),
    "with bytes that flipped": (flipped(DEMO), "cut short or damaged"),
    "a zip of something else": (zipped(), "no checkpoint"),
    "a sound": (GOOD.data, "is a sound"),
    "a sound in WebM": (sounds.webm(SECOND), "is a sound"),
    "a web page": (b"<!DOCTYPE html><title>404</title>", "is a web page"),
    "what Git LFS leaves": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS"),
    "a model of whisper.cpp": (b"lmgg" + bytes(64), "whisper.cpp"),
    "a text": (b"no weights at all", "cannot be loaded"),
    "a pickle of something else": (pickle.dumps(["what", "is", "this"]), "cannot be loaded"),
    "a pickle of code": (pickle.dumps(Path("elsewhere")), "cannot be loaded"),
    "a list that torch saved": (saved([1, 2]), "cannot be loaded"),
    "a tensor that torch saved": (saved(torch.zeros(3)), "cannot be loaded"),
    "weights of another kind": (saved({"state_dict": {"a": torch.zeros(1)}}), "cannot be loaded"),
    "dimensions that lack some": (saved({"dims": {"n_mels": 80}, "model_state_dict": {}}), "cannot be loaded"),
    "dimensions that are none": (saved({"dims": 5, "model_state_dict": {}}), "cannot be loaded"),
    "no weights": (saved({"dims": DIMS, "model_state_dict": {}}), "cannot be loaded"),
    "weights that are none": (saved({"dims": DIMS, "model_state_dict": [1]}), "cannot be loaded"),
}


@pytest.mark.parametrize(("content", "why"), BAD_CHECKPOINTS.values(), ids=BAD_CHECKPOINTS)
def test_a_file_that_is_no_checkpoint_is_named_with_what_it_is_and_what_would_do(tmp_path, content, why):
    path = tmp_path / "own.pt"
    path.write_bytes(content)
    with pytest.raises(choice.ModelUnobtainable, match=why) as caught:
        loading.load(Config(model=str(path), device="cpu"), lambda line: None)
    assert str(path) in str(caught.value)
    assert "auto" in str(caught.value)


def test_a_checkpoint_that_fits_no_memory_says_so(tmp_path):
    path = tmp_path / "own.pt"
    path.write_bytes(saved({"dims": {**DIMS, "n_audio_state": 10**9}, "model_state_dict": {}}))
    with pytest.raises(choice.ModelUnobtainable):
        loading.load(Config(model=str(path), device="cpu"), lambda line: None)


def test_a_folder_with_a_model_of_ctranslate2_is_named_for_what_it_is(tmp_path):
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(choice.ModelUnobtainable, match="CTranslate2"):
        loading.load(Config(model=str(tmp_path), device="cpu"), lambda line: None)


def test_a_folder_named_as_a_checkpoint_is_a_folder(tmp_path):
    (tmp_path / "own.pt").mkdir()
    with pytest.raises(choice.ModelUnobtainable, match="is a folder"):
        loading.load(Config(model=str(tmp_path / "own.pt"), device="cpu"), lambda line: None)


def test_a_good_checkpoint_has_no_flaw_with_its_checksums_or_without(tmp_path):
    assert checkpoint_file.flaw(choice.DEMO) == ""
    torch.serialization.set_crc32_options(False)
    try:
        (tmp_path / "own.pt").write_bytes(saved({"dims": DIMS, "model_state_dict": {"a": torch.zeros(1000)}}))
    finally:
        torch.serialization.set_crc32_options(True)
    assert checkpoint_file.flaw(tmp_path / "own.pt") == ""


def test_a_checkpoint_that_cannot_be_read_says_why(tmp_path):
    assert "cannot be read" in checkpoint_file.flaw(tmp_path / "nowhere.pt")
