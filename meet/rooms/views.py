"""Views of the lobby and the room: parse, call, reply."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import uri_to_iri
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meet import languages, ui_texts
from meet.rooms import rooms
from meet.rooms.lobby import listed

if TYPE_CHECKING:
    from meet.models import Participant, Room


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lobby(request: HttpRequest) -> HttpResponse:
    """The start page: make a room, or go back to one."""
    name = request.POST.get("name", "")
    problem = ""
    if request.method == "POST":
        try:
            room, _secret = rooms.make(name, request.session)
        except rooms.BadName as bad:
            problem = str(bad)
        else:
            return redirect("room", room.slug)
    found = rooms.of_session(request.session)
    page = {"rooms": found, "listed": listed(timezone.now()), "name": name, "problem": problem}
    page["own_root"] = settings.HTTPS_ROOT is not None
    return render(request, "pages/lobby.html", page, status=400 if problem else 200)


@never_cache
@ensure_csrf_cookie
@require_safe
def room(request: HttpRequest, slug: str) -> HttpResponse:
    """The room for those who have joined it, the way in for everybody else."""
    here = _room_or_404(slug)
    participant = rooms.inside(here, request.session)
    if participant is None:
        return _way_in(request, here, name=rooms.last_name(here, request.session))
    return render(request, "pages/meeting/chatroom.html", _chatroom(request, here, participant))


@require_POST
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Take part under a display name."""
    here = _room_or_404(slug)
    name = request.POST.get("name", "")
    user = request.user if request.user.is_authenticated else None
    try:
        rooms.join(here, name, request.session, user)
    except rooms.BadName as bad:
        return _way_in(request, here, name=name, problem=str(bad))
    return redirect("room", here.slug)


@require_POST
def claim_host(request: HttpRequest, slug: str) -> HttpResponse:
    """Become a host by the secret of the host's link, which came in its fragment and so stood in no log."""
    here = _room_or_404(slug)
    if not rooms.claim_host(here, request.session, request.POST.get("secret", "")):
        return render(request, "403.html", status=403)
    return redirect("room", here.slug)


def _room_or_404(slug: str) -> Room:
    try:
        return rooms.find(slug)
    except rooms.NoSuchRoom:
        raise Http404(slug) from None


def _way_in(request: HttpRequest, here: Room, name: str = "", problem: str = "") -> HttpResponse:
    page = {"room": here, "name": name, "problem": problem, "translators": _translators(), "texts": ui_texts.JOIN}
    return render(request, "pages/join.html", page, status=400 if problem else 200)


def _chatroom(request: HttpRequest, here: Room, participant: Participant) -> dict[str, object]:
    """What the room's template shows."""
    link = request.build_absolute_uri(reverse("room", args=[here.slug]))
    secret = rooms.host_secret(here, request.session)
    spoken = list(languages.SPOKEN.items())
    return {
        "room": here,
        "participant": participant,
        "room_link": link,
        "shown_link": uri_to_iri(link),
        "host_link": f"{link}#host={secret}" if secret else "",
        "translates": not set(settings.TRANSLATOR) <= {"off", "whisper"},  # into more than English
        "readable": [(tag, languages.READABLE[tag]) for tag in settings.TRANSLATE_TO],
        "spoken": [(code, name) for code, name in spoken if languages.heard_as(code, here.languages) == code],
        "all_spoken": spoken,
        "clip_max_seconds": settings.CLIP_MAX_SECONDS,
        "clip_silence_seconds": settings.CLIP_SILENCE_SECONDS,
        "texts": ui_texts.ROOM,
    }


def _translators() -> list[dict[str, str]]:
    """Where the text of what is said goes, for the page on which one decides to join."""
    addresses = {"libre": settings.LIBRE_URL, "chatgpt": settings.OPENAI_BASE_URL}
    # a password in an address is not for those who join
    return [
        {"name": name, "host": urlsplit(addresses.get(name, "")).netloc.rpartition("@")[2]}
        for name in settings.TRANSLATOR
    ]
