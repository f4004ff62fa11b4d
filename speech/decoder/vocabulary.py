"""Text and tokens: what a row is given before its text, and what its tokens say."""

from __future__ import annotations

from functools import cached_property

import torch
from whisper.tokenizer import LANGUAGES, Tokenizer, get_tokenizer

from speech.decoder.checkpoint import Checkpoint
from speech.decoder.plan import Plan
from speech.decoder.rules import Rules
from speech.engine_types import Options


class Vocabulary:
    """A checkpoint's tokens."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self.languages = tuple(LANGUAGES)[: checkpoint.languages] if checkpoint.multilingual else ("en",)

    def tokenizer(self, language: str | None = None, task: str | None = None) -> Tokenizer:
        """openai-whisper's own, which it remembers."""
        multilingual = self._checkpoint.multilingual
        return get_tokenizer(multilingual, num_languages=self._checkpoint.languages, language=language, task=task)

    def rules(self, device: torch.device) -> Rules:
        """What may be written in these tokens."""
        return Rules(self._checkpoint, self.tokenizer("en"), device)

    @cached_property
    def no_speech(self) -> int | None:
        """The token that says that nobody speaks."""
        token: int | None = self.tokenizer("en").no_speech
        return token

    @cached_property
    def start(self) -> int:
        """The token that every text begins with, and after which a language is told."""
        return int(self.tokenizer("en").sot)

    @cached_property
    def language_tokens(self) -> dict[str, int]:
        """Each language's token."""
        spoken = self.tokenizer("en")
        return dict(zip(spoken.all_language_codes, spoken.all_language_tokens, strict=True))

    def plan(self, options: Options, language: str) -> Plan:
        """How whisper.decode would begin a row with these options, search for its text, and where it would stop."""
        tokenizer = self.tokenizer(language, options.task)
        asked = tokenizer.sot_sequence if options.timestamps else tokenizer.sot_sequence_including_notimestamps
        context = self._checkpoint.dims.n_text_ctx
        earlier: list[int] = []
        if options.prompt:
            words = tokenizer.encode(" " + options.prompt.strip())
            earlier = [tokenizer.sot_prev, *words[-(context // 2 - 1) :]]
        given = (*earlier, *asked)
        room = context + 1 - len(given)  # the last token is written, not read again
        cap = max(1, min(room, options.max_tokens or context // 2))
        return Plan(given, len(earlier), cap, timestamps=options.timestamps, beam=options.beam or 1)

    def text(self, tokens: tuple[int, ...], language: str) -> str:
        """What the tokens say, without time stamps."""
        said: str = self.tokenizer(language).decode(list(tokens))
        return said.strip()
