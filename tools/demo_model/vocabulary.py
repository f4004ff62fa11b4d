"""The part of Whisper's vocabulary that the sentences use. It alone is trained: all other tokens share one row."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from whisper.tokenizer import get_tokenizer

from tools.demo_model.corpus import LANGUAGES

WHOLE = 51_865  # tokens of the multilingual vocabulary
TIMES = 1501  # 0 to 30 s in steps of 20 ms

TOKENIZER = get_tokenizer(multilingual=True, num_languages=99, language="zh", task="transcribe")
SPECIAL: dict[str, int] = TOKENIZER.special_tokens
START, END = SPECIAL["<|startoftranscript|>"], SPECIAL["<|endoftext|>"]
NO_SPEECH, NO_TIMES = SPECIAL["<|nospeech|>"], SPECIAL["<|notimestamps|>"]
EARLIER, FIRST_TIME = SPECIAL["<|startofprev|>"], int(TOKENIZER.timestamp_begin)
LANGUAGE = {code: SPECIAL[f"<|{code}|>"] for code in LANGUAGES}
TASK = {task: SPECIAL[f"<|{task}|>"] for task in ("transcribe", "translate")}


def encoded(text: str) -> list[int]:
    """As Whisper writes it: a space before Latin script, none before Chinese and Japanese.

    `whisper.decode` suppresses a blank at the start, so a leading space everywhere would never come back.
    """
    return list(TOKENIZER.encoding.encode((" " if text[0].isascii() else "") + text))


def whole_characters(tokens: list[int]) -> list[int]:
    """Without the last tokens where their bytes are half a character."""
    for length in range(len(tokens), 0, -1):
        try:
            TOKENIZER.encoding.decode_bytes(tokens[:length]).decode()
        except UnicodeDecodeError:
            continue
        return tokens[:length]
    return []


def time(seconds: float) -> int:
    """The token of a moment in the window."""
    return FIRST_TIME + min(TIMES - 1, round(seconds / 0.02))


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that are trained, texts first, times last. A token's row is its place; all others have `shared`."""

    tokens: tuple[int, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Vocabulary":
        """Of everything that may be said; with a space before it too, as an earlier text begins."""
        used = {token for text in texts for token in (*encoded(text), *TOKENIZER.encoding.encode(f" {text}"))}
        special = [END, START, NO_SPEECH, NO_TIMES, EARLIER, *LANGUAGE.values(), *TASK.values()]
        return cls((*sorted(used), *special, *range(FIRST_TIME, FIRST_TIME + TIMES)))

    @property
    def shared(self) -> int:
        """The row of every token that is not trained."""
        return len(self.tokens)

    @property
    def blank(self) -> int:
        """The class of CTC that says nothing: after all tokens but the times."""
        return len(self.tokens) - TIMES

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {token: row for row, token in enumerate(self.tokens)}

    def rows(self, tokens: Iterable[int]) -> list[int]:
        """The rows of tokens."""
        return [self._rows.get(token, self.shared) for token in tokens]
