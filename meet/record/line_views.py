"""View of older lines: pages of a meeting's lines as JSON, for scrolling back in the room."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meet.record import lines

LARGEST = 2**63 - 1  # what a database takes for an id


@never_cache
@require_safe
async def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Lines of one meeting, for those who took part in it and for staff."""
    try:
        meeting, asked = _asked(request.GET)
    except ValueError:
        return JsonResponse({"error": "meeting=<id>, and before=<ms>,<id> or after=<ms>,<id>, if any."}, status=400)
    try:
        found = await lines.read(slug, meeting, asked, request.user, request.session)
    except lines.NotFound:
        raise Http404 from None
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})


def _asked(given: QueryDict) -> tuple[int, lines.LinesQuery]:
    """The meeting and which of its lines. Raises ValueError."""
    meeting, size, kind = int(given.get("meeting", "")), int(given.get("size", lines.SIZE)), given.get("of", "captions")
    if not 0 < meeting <= LARGEST or not 0 < size <= lines.MOST or kind not in ("captions", "messages", "all"):
        raise ValueError(kind)
    before, after = given.get("before"), given.get("after")
    if before and after:
        raise ValueError(after)
    return meeting, lines.LinesQuery(
        kind=cast(lines.Kind, kind),
        before=lines.place(before) if before else None,
        after=lines.place(after) if after else None,
        size=size,
    )
