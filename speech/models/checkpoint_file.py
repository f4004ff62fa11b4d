"""What is wrong with a file that should be a checkpoint, by its bytes alone: no torch, nothing unpickled."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

BLOCK = 1 << 20
ZIP = b"PK\x03\x04"
OTHERS = {
    b"RIFF": "a sound or a video",
    b"\x1aE\xdf\xa3": "a sound or a video",
    b"OggS": "a sound",
    b"fLaC": "a sound",
    b"ID3": "a sound",
    b"version https://git-lfs": "the place holder of a file that Git LFS has not fetched",
    b"<": "a web page",
    b"GGUF": "a model of whisper.cpp's or llama.cpp's",
    b"lmgg": "a model of whisper.cpp's",
}


def flaw(path: Path) -> str:
    """What keeps the file from being a checkpoint, as words that follow its name; empty where nothing can be seen."""
    if path.is_dir():
        return _folder(path)
    try:
        with path.open("rb") as file:
            head = file.read(32)
    except OSError as error:
        return f"cannot be read ({error.strerror or type(error).__name__})"
    if not head:
        return "is empty"
    if head.startswith(ZIP):
        return _archive(path)
    kind = next((words for magic, words in OTHERS.items() if head.startswith(magic)), "")
    return f"is {kind}, no checkpoint" if kind else ""


def _folder(path: Path) -> str:
    converted = (path / "model.bin").is_file() and (path / "config.json").is_file()
    return "is a folder with a model of CTranslate2's" if converted else "is a folder"


def _archive(path: Path) -> str:
    """torch.save writes a zip with checksums, and torch.load does not look at them."""
    try:
        with zipfile.ZipFile(path) as archive:
            if not any(name.endswith("/data.pkl") for name in archive.namelist()):
                return "is a zip archive, but no checkpoint"
            for part in archive.infolist():
                if part.CRC:  # 0: torch was told to write none
                    _read(archive, part)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        return "is cut short or damaged"
    return ""


def _read(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """To its end, where its checksum is compared. Raises `BadZipFile`."""
    with archive.open(part) as file:
        while file.read(BLOCK):
            pass
