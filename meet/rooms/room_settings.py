"""Room settings of the host: name, listing on the start page, and spoken languages."""

import uuid
from collections.abc import Iterable

from meet.events import BadEvent, SetRoom, encode
from meet.languages import SPOKEN
from meet.models import Room
from meet.orm_pool import pooled
from meet.rooms import rooms


@pooled
def change(participant_id: uuid.UUID, wanted: SetRoom) -> str:
    """Decide anew; the event that tells everybody. The address, and the folder that has its name, stay."""
    room = Room.objects.filter(participants=participant_id, participants__is_host=True).first()
    if room is None:
        raise BadEvent("not_host", "Only the host can do this.")
    strange = set(wanted.languages) - (SPOKEN.keys() - {""})
    if strange:
        raise BadEvent("bad_field", f"languages may hold {', '.join(filter(None, SPOKEN))}.", field="languages")
    try:
        room.name = rooms.clean_name(wanted.name, rooms.ROOM_NAME_LENGTH)
    except rooms.BadName as bad:
        raise BadEvent("bad_room_name", str(bad), limit=rooms.ROOM_NAME_LENGTH) from None
    room.listed = wanted.listed
    room.languages = [code for code in SPOKEN if code in wanted.languages]
    room.save(update_fields=["name", "listed", "languages"])
    return event(room)


@pooled
def events(room_ids: Iterable[int]) -> dict[int, str]:
    """What holds in each of these rooms, encoded."""
    return {room.pk: event(room) for room in Room.objects.filter(pk__in=list(room_ids))}


def event(room: Room) -> str:
    """What holds in a room, encoded."""
    return encode("room", name=room.name, listed=room.listed, languages=room.languages)
