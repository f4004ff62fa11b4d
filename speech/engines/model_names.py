"""What a model's name tells of it that its weights do not."""

from __future__ import annotations

DEMO_LANGUAGES = ("en", "ja", "zh")
NEVER_TRANSLATED = ("turbo", "distil")  # in the names of models that learned to write down alone


def translates(model: str) -> bool:
    """Whether a multilingual model translates into English. One by a name of somebody's own is taken to."""
    return not any(word in model for word in NEVER_TRANSLATED)
