"""Django admin pages: search, view and play what was said. Rows that the pipeline owns are read-only."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from meet.models import Caption, Clip, Connection, Meeting, Message, Participant, Room, Translation

if TYPE_CHECKING:
    Admin = admin.ModelAdmin[Any]
    Inline = admin.TabularInline[Translation, Caption]
else:  # Django's own classes take no parameters
    Admin = admin.ModelAdmin
    Inline = admin.TabularInline


class ReadOnlyAdmin(Admin):
    """What is neither made nor changed by hand."""

    def has_add_permission(self, request: HttpRequest, *_inline: Any) -> bool:
        """None are made by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor changed."""
        return False


class NoDeleteAdmin(Admin):
    """Rows that go with their room or meeting only: without one of them the record would have a hole."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """None is deleted alone."""
        return False


class PipelineAdmin(ReadOnlyAdmin, NoDeleteAdmin):
    """Rows that the journey of a clip writes: an edit here would bypass its revisions and numbers."""


class CascadeDeleteAdmin(Admin):
    """What may be deleted with all that belongs to it."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """All of it, though none of it may be deleted alone."""
        listed, counts, _alone, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected


@admin.register(Room)
class RoomAdmin(CascadeDeleteAdmin):
    """Rooms. The name may be changed; the address stays, and names the media folder."""

    list_display = ("name", "slug", "listed", "made_at", "page")
    list_filter = ("listed",)
    search_fields = ("name", "slug")
    date_hierarchy = "made_at"
    fields = ("name", "listed", "languages", "slug", "made_at", "page")
    readonly_fields = ("languages", "slug", "made_at", "page")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A room needs a host: it is made in the lobby."""
        return False

    @admin.display(description=_("page"))
    def page(self, room: Room) -> SafeString:
        """The room's own page."""
        return format_html('<a href="{}">{}</a>', reverse("room", args=[room.slug]), _("Open"))


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin, CascadeDeleteAdmin):
    """Meetings, with a way to their lines and files."""

    list_display = ("room", "started_at", "ended_at", "lines", "record")
    list_filter = ("started_at", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("room",)
    search_fields = ("room__name", "room__slug", "folder")
    date_hierarchy = "started_at"

    @admin.display(description=_("captions"))
    def lines(self, meeting: Meeting) -> int:
        """How many captions it has."""
        return meeting.captions.count()

    @admin.display(description=_("record"))
    def record(self, meeting: Meeting) -> SafeString:
        """Its lines and files."""
        return format_html('<a href="{}">{}</a>', reverse("staff_meeting", args=[meeting.pk]), _("Lines and files"))


@admin.register(Participant)
class ParticipantAdmin(NoDeleteAdmin):
    """People. A name may be corrected; which meetings somebody attended decides what they may read."""

    list_display = ("name", "room", "is_host", "joined_at")
    list_filter = ("is_host", "joined_at")
    list_select_related = ("room",)
    search_fields = ("name", "room__name", "room__slug")
    fields = ("name", "room", "user", "is_host", "joined_at", "attended")
    readonly_fields = ("room", "user", "is_host", "joined_at", "attended")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People join through a room's page, with their browser."""
        return False


@admin.register(Message)
class MessageAdmin(PipelineAdmin):
    """Chat."""

    list_display = ("sent_at", "participant", "text", "meeting")
    list_filter = ("sent_at",)
    list_select_related = ("participant", "meeting__room")
    search_fields = ("text", "participant__name", "meeting__room__name")
    date_hierarchy = "sent_at"


@admin.register(Clip)
class ClipAdmin(PipelineAdmin):
    """Clips, each with a player."""

    list_display = ("started_at", "participant", "state", "cut_short", "said", "player")
    list_filter = ("state", "cut_short", "language", "started_at")
    list_select_related = ("participant", "caption")
    list_per_page = 50
    ordering = ("-started_at",)
    search_fields = ("=id", "participant__name", "meeting__room__name", "caption__text")
    date_hierarchy = "started_at"

    class Media:
        css: ClassVar = {"all": ["meet/css/admin.css"]}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """All of a clip, what it says, and the player."""
        return [*(field.name for field in Clip._meta.fields), "said", "player"]

    @admin.display(description=_("said"))
    def said(self, clip: Clip) -> str:
        """Its caption, or why there is none."""
        caption = getattr(clip, "caption", None)
        return caption.text if caption else clip.reason

    @admin.display(description=_("audio"))
    def player(self, clip: Clip) -> SafeString | str:
        """Its audio, to be heard."""
        if not clip.audio:
            return "–"
        return format_html('<audio controls preload="none" src="{}"></audio>', reverse("media", args=[clip.audio]))


class TranslationInline(Inline):
    """A caption in the other languages."""

    model = Translation
    fields: ClassVar = ("language", "state", "text", "provider", "attempts", "next_try_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Translations are added with their caption only."""
        return False


@admin.register(Caption)
class CaptionAdmin(PipelineAdmin):
    """Captions with their translations."""

    list_display = ("started_at", "participant", "language", "text", "revision", "meeting")
    list_filter = ("language", "started_at")
    list_select_related = ("participant", "meeting__room")
    search_fields = ("text", "translations__text", "participant__name", "meeting__room__name")
    date_hierarchy = "started_at"
    inlines = (TranslationInline,)


@admin.register(Translation)
class TranslationAdmin(PipelineAdmin):
    """Translations: above all, which still wait."""

    list_display = ("caption", "language", "state", "text", "provider", "attempts", "next_try_at")
    list_filter = ("state", "language", "provider")
    list_select_related = ("caption__participant",)
    search_fields = ("text", "caption__text")


@admin.register(Connection)
class ConnectionAdmin(PipelineAdmin):
    """Who is connected now."""

    list_display = ("participant", "process", "seen_at")
    list_select_related = ("participant",)
