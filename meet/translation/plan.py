"""Translation plan of a caption: which languages are there at once, which are queued, which cannot be had."""

from dataclasses import dataclass

from django.conf import settings

from meet.languages import tag_of
from meet.translation import chain, chinese_scripts, speech_model
from meet.translation.provider import WHISPER, TranslationRequest, echoes


@dataclass(frozen=True)
class Planned:
    """A caption in one more language: its text where it is known already, empty where it is promised. `stand_in`: it
    is the speech model's, until a translator answers."""

    language: str
    text: str
    provider: str
    stand_in: bool = False


def plan(language: str, text: str, english: str = "") -> list[Planned]:
    """The translations of a caption into each language of TRANSLATE_TO but its own, and no promise nobody can keep.
    `english`: what the speech model made of the clip, where it was asked."""
    planned = (_planned(language, target, text, english) for target in settings.TRANSLATE_TO if target != language)
    return [one for one in planned if one is not None]


def wants_english(heard_as: str) -> bool:
    """Whether the speech model should write down the English of a clip too, besides its text: where it is the one that
    is asked first, or those before it do not answer at the moment. `heard_as`: the clip's language as the model names
    it, empty where the model finds out."""
    language = tag_of(heard_as)
    if not speech_model.possible(language, "en"):
        return False
    translators = chain.configured()
    return not translators.answers(language, "en", translators.before)


def possible(language: str, target: str) -> bool:
    """Whether somebody translates between these languages now: what was promised may have lost its translator."""
    return chain.configured().speaks(language, target) or speech_model.possible(language, target)


def _planned(language: str, target: str, text: str, english: str) -> Planned | None:
    if not any(character.isalpha() for character in text):
        return Planned(target, text, "") if text else None  # nothing to translate
    if language in chinese_scripts.CHINESE and target in chinese_scripts.CHINESE:
        return Planned(target, chinese_scripts.in_script(text, target), "opencc")
    if target == "en" and english and not echoes(TranslationRequest(text, language, target), english):
        return Planned(target, english, WHISPER, stand_in=speech_model.stands_in())
    return Planned(target, "", "") if possible(language, target) else None
