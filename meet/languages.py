"""The languages of speech and of reading: one table, in the field's tags."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

# The BCP 47 tags one can read captions in; transcripts.FILES says which file each is in.
READABLE = {
    "zh-Hant": _("Traditional Chinese"),
    "zh-Hans": _("Simplified Chinese"),
    "en": _("English"),
    "ja": _("Japanese"),
}

# What a speaker may choose; the empty one lets the model find out.
SPOKEN = {"": _("Automatic"), "zh": _("Chinese"), "en": _("English"), "ja": _("Japanese")}


def heard_as(chosen: str, allowed: Sequence[str]) -> str:
    """The language a clip is heard in: its speaker's choice, where it is known and the room allows it.

    Else the model finds out among those allowed. Nothing that was said is refused for its language: the host may have
    taken it away while somebody spoke it.
    """
    return chosen if chosen in SPOKEN and (not allowed or chosen in allowed) else ""


def tag_of(whisper_code: str) -> str:
    """The tag of a language as the model names it: Chinese is written Traditional here, as the record is."""
    return "zh-Hant" if whisper_code in ("zh", "yue") else whisper_code
