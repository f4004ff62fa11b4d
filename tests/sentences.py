"""The bundled model's own phrases, spoken: files, texts, and where in them the speech lies."""

import json
from dataclasses import dataclass
from pathlib import Path

from speech.audio import codec

FOLDER = Path(__file__).parent / "fixtures" / "sentences"


@dataclass(frozen=True)
class Sentence:
    """One recording. `speech_start` and `speech_end` in seconds; `exact`: the model returns its text to the letter."""

    path: Path
    language: str
    text: str
    translations: dict[str, str]
    seconds: float
    speech_start: float
    speech_end: float
    exact: bool

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return self.path.read_bytes()

    @property
    def audio(self) -> codec.Audio:
        """Its sound, float32 (samples,), 16 kHz."""
        return codec.decode(self.data)


def sentences(language: str | None = None, *, exact: bool = False) -> list[Sentence]:
    """All of them, or those of one language, or those that come back to the letter."""
    rows = json.loads((FOLDER / "sentences.json").read_text(encoding="utf-8"))
    found = [
        Sentence(
            path=FOLDER / row["file"],
            language=row["language"],
            text=row["text"],
            translations=row["translations"],
            seconds=row["seconds"],
            speech_start=row["speech"][0],
            speech_end=row["speech"][1],
            exact=row["exact"],
        )
        for row in rows
    ]
    return [s for s in found if (language is None or s.language == language) and (s.exact or not exact)]
