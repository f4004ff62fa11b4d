"""Views of the record and of the files below media/: parse, call, reply."""

from __future__ import annotations

import uuid
from collections.abc import Set
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from meet.events import BadEvent
from meet.languages import READABLE
from meet.orm_pool import pooled
from meet.recognition import engine_status
from meet.record import media_files, record, recording, withdrawal
from meet.record.media_files import NotFound, RangeNotSatisfiable, StoredFile
from meet.record.record import File, Line
from meet.rooms import rooms
from meet.ui_texts import ROOM

if TYPE_CHECKING:
    from meet.models import Meeting, Room

LINES = 200  # a page
MEETINGS = 50
WAITING = _("%(language)s: the translation is on the way")

RECORDING = _("The whole meeting, as sound")

# a file by the beginning of its name
LABELS = {
    "combo_": _("As spoken"),
    "TW_": READABLE["zh-Hant"],
    "CN_": READABLE["zh-Hans"],
    "EN_": READABLE["en"],
    "JP_": READABLE["ja"],
}


@require_safe
async def file(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file below media/, for those who may have it; in parts where the reader asks so."""
    try:
        stored = await media_files.find(path, request.user, request.session)
    except NotFound:
        raise Http404 from None
    if request.headers.get("If-None-Match") == stored.tag:
        return _headed(HttpResponse(status=304), stored, request)
    try:
        span = _span(request, stored)
    except RangeNotSatisfiable:
        refusal = HttpResponse(status=416)
        refusal["Content-Range"] = f"bytes */{stored.size}"
        return refusal
    return _sent(request, stored, span)


def _span(request: HttpRequest, stored: StoredFile) -> range | None:
    """The part that is asked for; None: the whole. A part of an older version is answered with the new whole."""
    header = request.headers.get("Range", "")
    if not header or request.headers.get("If-Range", stored.tag) != stored.tag:
        return None
    return media_files.part(header, stored.size)


def _sent(request: HttpRequest, stored: StoredFile, span: range | None) -> HttpResponseBase:
    whole = range(stored.size)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(status=200 if span is None else 206)
    else:
        chosen = whole if span is None else span
        response = StreamingHttpResponse(media_files.pieces(stored.path, chosen), status=200 if span is None else 206)
    if span is not None:
        response["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{stored.size}"
    response["Content-Length"] = str(len(whole if span is None else span))
    return _headed(response, stored, request)


def _headed(response: HttpResponseBase, stored: StoredFile, request: HttpRequest) -> HttpResponseBase:
    response["Content-Type"] = stored.type
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = stored.tag
    response["Cache-Control"] = "private, no-cache"
    disposition = content_disposition_header("download" in request.GET, stored.path.name)
    if disposition:
        response["Content-Disposition"] = disposition
    return response


@never_cache
@require_safe
def meetings(request: HttpRequest, slug: str) -> HttpResponse:
    """The room's meetings this browser's person took part in, with their files."""
    room = _room_or_404(slug)
    participant = rooms.participant_of(room, request.session)
    attended = record.attended(room, participant) if participant else []
    shown = [_meeting(meeting, reverse("record_meeting", args=[slug, meeting.folder])) for meeting in attended]
    return render(
        request, "pages/record/meetings.html", {"room": room, "meetings": shown, "on_trial": engine_status.on_trial()}
    )


@never_cache
@require_safe
def meeting(request: HttpRequest, slug: str, folder: str) -> HttpResponse:
    """One meeting's lines, for those who took part in it."""
    room = _room_or_404(slug)
    found = record.in_folder(room, folder)
    if found is None or not record.may_read(found, rooms.participant_of(room, request.session)):
        raise Http404
    own = record.owned_by(rooms.participant_of(room, request.session))
    return _lines(request, found, reverse("record", args=[slug]), own)


@require_POST
async def withdraw(request: HttpRequest, slug: str, folder: str) -> HttpResponse:
    """Take back a line of one's own."""
    me = await _me(slug, request.session)
    try:
        clip = uuid.UUID(request.POST.get("clip", ""))
        await withdrawal.withdraw(clip, me)
    except (ValueError, BadEvent):
        return HttpResponse(status=403)
    page = urlencode({"page": request.POST.get("page", "1")})
    return redirect(f"{reverse('record_meeting', args=[slug, folder])}?{page}")


@pooled
def _me(slug: str, session: rooms.Session) -> uuid.UUID:
    participant = rooms.participant_of(_room_or_404(slug), session)
    if participant is None:
        raise Http404
    return participant.pk


@never_cache
@staff_member_required
@require_safe
def staff_meetings(request: HttpRequest) -> HttpResponse:
    """All meetings and their files, for staff."""
    sought = request.GET.get("q", "").strip()
    page = Paginator(record.every_meeting(sought), MEETINGS).get_page(request.GET.get("page"))
    shown = [_meeting(one, reverse("staff_meeting", args=[one.pk])) for one in page]
    about = {"page": page, "sought": sought, "on_trial": engine_status.on_trial()}
    return render(request, "pages/record/staff.html", {"meetings": shown, **about})


@never_cache
@staff_member_required
@require_safe
def staff_meeting(request: HttpRequest, meeting_id: int) -> HttpResponse:
    """One meeting's lines, for staff."""
    found = record.every_meeting().filter(pk=meeting_id).first()
    if found is None:
        raise Http404
    return _lines(request, found, reverse("staff_meetings"))


def _room_or_404(slug: str) -> Room:
    try:
        return rooms.find(slug)
    except rooms.NoSuchRoom:
        raise Http404 from None


def _lines(request: HttpRequest, found: Meeting, back: str, own: Set[uuid.UUID] = frozenset()) -> HttpResponse:
    """A page of lines. The same voice through another microphone stands under the line that stands for it."""
    lines = record.lines(found)
    copies: dict[uuid.UUID | None, list[dict[str, Any]]] = {}
    for line in lines:
        copies.setdefault(line.folded_into, []).append(_line(line, own) if line.folded_into else {})
    page = Paginator([line for line in lines if line.folded_into is None], LINES).get_page(request.GET.get("page"))
    shown: dict[str, Any] = {"page": page, "back": back, "found": found}
    shown["lines"] = [{**_line(line, own), "copies": copies.get(line.clip, [])} for line in page]
    about = {"meeting": _meeting(found, ""), "on_trial": engine_status.on_trial()}
    return render(request, "pages/record/meeting.html", {**about, **shown})


def _meeting(found: Meeting, address: str) -> dict[str, Any]:
    """A meeting as the pages show it."""
    return {
        "room": found.room,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "address": address,
        "files": [_file(one) for one in record.files(found)],
        "recording_expected": recording.expected(found),
    }


def _file(one: File) -> dict[str, Any]:
    sound = one.name.endswith(record.RECORDING)
    label = next((label for prefix, label in LABELS.items() if one.name.startswith(prefix)), one.name)
    shown = {"label": RECORDING if sound else label, "name": one.name, "size": one.size}
    return {**shown, "address": _address(one.path), "sound": sound}


def _line(line: Line, own: Set[uuid.UUID]) -> dict[str, Any]:
    """A line as the pages show it: as spoken, then in the other languages."""
    spoken = line.spoken_in()
    others = [(tag, line.into(tag)) for tag in settings.TRANSLATE_TO if tag != spoken] if line.text else []
    return {
        "speaker": line.speaker,
        "started_at": line.started_at,
        "lang": spoken,
        "text": line.into(spoken),
        "unheard": _unheard(line),
        "translations": [
            {
                "lang": tag,
                "text": text,
                "waiting": WAITING % {"language": READABLE[tag]},
                "by_speech_model": tag in line.by_speech_model,
            }
            for tag, text in others
            if text is not None
        ],
        "failed": line.failed,
        "silent": line.silent,
        "withdrawn": line.withdrawn,
        "clip": line.clip,
        "own": line.by in own,
        "audio": _address(line.sound) if line.audible else "",
    }


def _unheard(line: Line) -> str:
    """The note on speech in a line that no words were found for; empty where there is none."""
    return str(ROOM["gap-within"]).format(seconds=max(1, round(line.unheard))) if line.text and line.unheard else ""


def _address(path: str) -> str:
    return reverse("media", args=["-"]).removesuffix("-") + quote(path)
