"""Whisper's tokens in the forms that CTranslate2 (a list) and faster-whisper (a tokenizer.json) read.

openai-whisper gives each token's bytes and its rank; what faster-whisper reads wants the pairs that are merged into
each token. They follow: a token is merged from what byte-pair encoding makes of its bytes by the ranks below its own.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import tokenizers
from tokenizers import AddedToken
from tokenizers import Tokenizer as Merging
from whisper.tokenizer import Tokenizer, get_tokenizer

MULTILINGUAL = 51_865  # tokens, and more; models of English alone have one less
BEFORE_LANGUAGES = 51_765  # tokens of a vocabulary that are no language's, in models of English alone


def of(size: int) -> Tokenizer:
    """openai-whisper's tokenizer for a checkpoint with so many tokens. Raises `ValueError` where there is none."""
    multilingual = size >= MULTILINGUAL
    tokenizer = get_tokenizer(multilingual, num_languages=size - BEFORE_LANGUAGES - int(multilingual))
    if tokenizer.encoding.n_vocab != size:
        raise ValueError(f"no vocabulary of Whisper's has {size} tokens")
    return tokenizer


def listed(tokenizer: Tokenizer) -> list[str]:
    """Every token as text, in the order of their numbers."""
    special = {number: name for name, number in tokenizer.special_tokens.items()}
    letters = _letters()
    encoding = tokenizer.encoding
    return [
        special.get(number) or _spelled(encoding.decode_single_token_bytes(number), letters)
        for number in range(encoding.n_vocab)
    ]


def merging(tokenizer: Tokenizer) -> Merging:
    """The same tokenizer as the package `tokenizers` has it, ready to be saved."""
    made = Merging(_pairs(tokenizer.encoding))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    special: dict[str, Any] = tokenizer.special_tokens
    # numbered as they come, after the others; time stamps are told apart by their numbers and are not named
    named = [name for name, number in sorted(special.items(), key=lambda one: one[1]) if number < _first_stamp(special)]
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in named])
    return made


@functools.cache
def _pairs(encoding: Any) -> tokenizers.models.BPE:
    """The ordinary tokens, and what each is merged from."""
    letters = _letters()
    ordinary = [encoding.decode_single_token_bytes(number) for number in range(encoding.eot_token)]
    numbers = {_spelled(token, letters): number for number, token in enumerate(ordinary)}
    return tokenizers.models.BPE(
        numbers, [(_spelled(left, letters), _spelled(right, letters)) for left, right in merges(ordinary)]
    )


def _first_stamp(special: dict[str, Any]) -> int:
    return int(special["<|0.00|>"])


def merges(tokens: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The two parts of every token that is more than one byte long. `tokens` in the order of their ranks."""
    ranks = {token: rank for rank, token in enumerate(tokens)}
    for rank, token in enumerate(tokens):
        if len(token) > 1:
            left, right = _parts(token, ranks, rank)
            yield left, right


def _parts(token: bytes, ranks: dict[bytes, int], below: int) -> list[bytes]:
    """What byte-pair encoding makes of a token's bytes with no rank from `below` on: two parts."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        found = [(ranks.get(left + right, below), at) for at, (left, right) in enumerate(itertools.pairwise(parts))]
        rank, at = min(found)
        if rank >= below:
            raise ValueError("the ranks are not those of a byte-pair encoding")
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def _letters() -> dict[int, str]:
    """A printable letter for every byte, as GPT-2 chose them: the byte's own where that can be printed, else one from
    256 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + place) for place, byte in enumerate(others)}


def _spelled(token: bytes, letters: dict[int, str]) -> str:
    return "".join(letters[byte] for byte in token)
