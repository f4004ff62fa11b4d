"""Sound sharing: a shared tab or computer sound, as a speaker of its own that belongs to a participant."""

import uuid

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from meet.models import Participant
from meet.orm_pool import pooled
from meet.rooms import meetings, presence, rooms


@pooled
def begin(connection_id: uuid.UUID, participant_id: uuid.UUID, language: str) -> uuid.UUID:
    """A socket shares sound from now on: who speaks in it. The same for a person each time, so that numbers go on."""
    with transaction.atomic():
        owner = Participant.objects.get(pk=participant_id)
        about = {"room_id": owner.room_id, "name": _name(owner.name, language)}
        sound, _made = Participant.objects.update_or_create(shared_by=owner, defaults=about)
    presence.share(connection_id, True)
    meetings.attend(sound)
    return sound.pk


@pooled
def end(connection_id: uuid.UUID) -> None:
    """A socket shares no sound any more."""
    presence.share(connection_id, False)


def _name(owner: str, language: str) -> str:
    """What it is called, in the language its owner reads; a long name is shortened, what it is stays."""
    with translation.override(_known(language)):
        pattern = gettext("%(name)s's shared sound")
    room = rooms.NAME_LENGTH - len(pattern % {"name": ""})
    return pattern % {"name": owner if len(owner) <= room else f"{owner[: room - 1]}…"}


def _known(language: str) -> str:
    try:
        return translation.get_supported_language_variant(language.lower())
    except LookupError:
        return "en"
