"""speech.server.app and `python -m speech transcribe`: every kind of file that people send, and what comes back."""

from __future__ import annotations

from pathlib import Path

import httpx
import numpy as np
import pytest

from speech import __main__ as command
from speech.audio import codec
from tests.speech import media, sounds
from tests.speech.audio.test_codec_refused import LISTS, NO_RECORDINGS
from tests.speech.audio.test_codec_time import vorbis
from tests.speech.media import Track
from tests.speech_process import Speech

SENTENCE = sounds.sentences("en")[0]
VOICE = SENTENCE.audio
SILENCE = np.zeros_like(VOICE)
HEARD = {
    "webm of a browser": sounds.webm(VOICE),
    "mp4 of a browser": sounds.mp4(VOICE),
    "mp3": sounds.encoded(VOICE, "mp3", "libmp3lame"),
    "m4a": sounds.encoded(VOICE, "mp4", "aac"),
    "flac": sounds.encoded(VOICE, "flac", "flac"),
    "wav": codec.as_wav(VOICE),
    "ogg opus": sounds.encoded(VOICE, "ogg", "libopus"),
    "ogg vorbis": vorbis(VOICE),
    "opposite phases": media.channels([VOICE, -VOICE]),
    "right channel only": media.channels([SILENCE, VOICE]),
    "late on the right": media.channels([VOICE, np.pad(VOICE, (8, 0))[: len(VOICE)]]),
    "5.1, centre only": media.channels([VOICE if place == 2 else SILENCE for place in range(6)], "mp4", "aac"),
    "7.1, centre only": media.channels([VOICE if place == 2 else SILENCE for place in range(8)], "flac", "flac"),
    "film": media.file("mov", [Track(VOICE)], film=True),
    "film, first track silent": media.file("mp4", [Track(SILENCE), Track(VOICE)], film=True),
    "film, first track of 20 ms": media.file("mp4", [Track(VOICE[:320]), Track(VOICE)], film=True),
    "film, first track empty": media.file(
        "matroska", [Track(VOICE[:0], "libopus"), Track(VOICE, "libopus")], film=True
    ),
    "film, first track unknown": media.unknown_codec(media.file("mp4", [Track(VOICE), Track(VOICE)], film=True), 0),
    "film, second track unknown": media.unknown_codec(media.file("mp4", [Track(VOICE), Track(VOICE)], film=True), 1),
    "with a cover": media.file("mp4", [Track(VOICE)], cover=True),
}
REFUSED = {
    **NO_RECORDINGS,
    **{name: text.replace(b"{target}", b"file:///etc/hostname") for name, text in LISTS.items()},
    "nothing": b"",
    "film without sound": media.file("mp4", [Track(VOICE[:0])], film=True),
    "film with an unknown codec": media.unknown_codec(media.file("mp4", [Track(VOICE)], film=True), 0),
    "damaged": media.file("mp4", [Track(VOICE, damaged=True)]),
    "nine channels": media.nine_channels(VOICE),
}
NAMES = {
    "Chinese": "2026 週會．王逸嘉「浪Live」[a].mp3",
    "250 bytes": "長" * 82 + ".mp3",
    "a command": 'x"; touch P;".mp3',
    "a substitution": "$(touch P).wav",
    "an option": "-i.wav",
    "two lines": "a\nb.wav",
}
PATHS = {"another folder": "../../x.wav", "a drive": "C:\\x.wav"}


def send(http: httpx.Client, data: bytes, name: str = "a.wav") -> httpx.Response:
    return http.post("/transcribe/file", files={"file": (name, data)}, data={"language": "en"})


@pytest.mark.parametrize("kind", HEARD)
def test_file_with_a_spoken_sentence_comes_back_as_that_sentence(http, kind):
    answer = send(http, HEARD[kind])
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"] == SENTENCE.text
    assert answer.json()["duration"] == pytest.approx(SENTENCE.seconds, abs=0.1)


@pytest.mark.parametrize("kind", REFUSED)
def test_file_without_a_recording_is_refused_with_a_reason(http, kind):
    answer = send(http, REFUSED[kind])
    assert answer.status_code == 400
    told = answer.json()
    assert (told["success"], told["retryable"], told["reason"]) == (False, False, "undecodable")
    assert any(word in told["error"] for word in ("format", "audio", "channels", "empty"))


@pytest.mark.parametrize("name", [*NAMES.values(), *PATHS.values()], ids=[*NAMES, *PATHS])
def test_name_of_a_file_never_matters(http, name):
    answer = send(http, HEARD["mp3"], name)
    assert (answer.status_code, answer.json()["text"]) == (200, SENTENCE.text)


def test_files_are_refused_without_the_token_before_they_are_looked_at():
    with Speech(SPEECH_TOKEN="right") as process:
        for data in (HEARD["wav"], NO_RECORDINGS["source code"]):
            answer = httpx.post(process.address + "/transcribe/file", files={"file": ("a.py", data)}, timeout=60)
            assert (answer.status_code, answer.json()["success"]) == (401, False)


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_command_hears_a_file_of_any_name_and_runs_nothing(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(HEARD["mp3"])
    assert command.main(["transcribe", "--language", "en", "--", name]) == 0
    assert capsys.readouterr().out.strip() == SENTENCE.text
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.usefixtures("bundled")
def test_command_hears_every_kind_of_file_and_names_those_it_cannot(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for number, data in enumerate([*HEARD.values(), *REFUSED.values()]):
        Path(f"{number:03}").write_bytes(data)
    files = sorted(one.name for one in tmp_path.iterdir())
    assert command.main(["transcribe", "--language", "en", *files]) == 1
    out, err = capsys.readouterr()
    assert out.count(SENTENCE.text) == len(HEARD)
    assert [line.split(":")[0] for line in err.splitlines()] == files[len(HEARD) :]
    assert sorted(one.name for one in tmp_path.iterdir()) == files
