"""What a caption's translations will be: there at once, promised, or not to be had."""

from dataclasses import dataclass

from django.conf import settings

from meet.translation import chain, scripts


@dataclass(frozen=True)
class Planned:
    """A caption in one more language: its text where it is known already, empty where it is promised."""

    language: str
    text: str
    provider: str


def plan(language: str, text: str) -> list[Planned]:
    """The translations of a caption into each language of TRANSLATE_TO but its own, and no promise nobody can keep."""
    planned = (_planned(language, target, text) for target in settings.TRANSLATE_TO if target != language)
    return [one for one in planned if one is not None]


def possible(language: str, target: str) -> bool:
    """Whether somebody translates between these languages now: what was promised may have lost its translator."""
    return chain.configured().speaks(language, target)


def _planned(language: str, target: str, text: str) -> Planned | None:
    if not any(character.isalpha() for character in text):
        return Planned(target, text, "") if text else None  # nothing to translate
    if language in scripts.CHINESE and target in scripts.CHINESE:
        return Planned(target, scripts.in_script(text, target), "opencc")
    return Planned(target, "", "") if possible(language, target) else None
