"""The nouns as tables. What is done with them stands in the module of each noun."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Room(models.Model):
    """A place to meet, reached by its address alone."""

    slug = models.CharField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=80)
    host_key = models.CharField(max_length=64, help_text=_("SHA-256 of the secret in the host's link."))
    listed = models.BooleanField(_("listed"), default=False, help_text=_("Whoever opens the start page can find it."))
    languages = models.JSONField(_("spoken languages"), default=list, blank=True, help_text=_("None: every language."))
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self) -> str:
        return self.name


class Meeting(models.Model):
    """What happens in a room between its first word and its end. `seq` numbers every durable event in it."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="meetings", verbose_name=_("room"))
    folder = models.CharField(_("folder"), max_length=40)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    occupied_at = models.DateTimeField(_("somebody was there at"))
    seq = models.PositiveBigIntegerField(default=0)
    files_seq = models.PositiveBigIntegerField(default=0, help_text=_("The files hold everything up to this seq."))
    files_lease_until = models.DateTimeField(null=True, blank=True)
    # its merged recording: looked at up to this seq (none: its sound has changed since), made of these clips
    recording_seq = models.PositiveBigIntegerField(null=True, blank=True)
    recording_made_of = models.CharField(max_length=64, blank=True)
    recording_lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room"], condition=Q(ended_at=None), name="one_open_meeting_a_room"),
            models.UniqueConstraint(fields=["room", "folder"], name="one_folder_a_meeting"),
        ]

    def __str__(self) -> str:
        return f"{self.room} {self.folder}"


class Participant(models.Model):
    """One browser's part in one room, under a display name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="participants", verbose_name=_("room"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=50, help_text=_("No two people of one meeting have the same."))
    is_host = models.BooleanField(_("host"), default=False)
    shared_by = models.OneToOneField(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="shared_sound",
        verbose_name=_("shared by"),
        help_text=_("Set where this is no person, but the sound of a tab or a computer that somebody shares."),
    )
    joined_at = models.DateTimeField(_("joined at"), auto_now_add=True)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True, help_text=_("Until they join again."))
    attended = models.ManyToManyField(Meeting, related_name="participants", verbose_name=_("meetings"))

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")

    def __str__(self) -> str:
        return self.name


class Connection(models.Model):
    """One open socket of a participant: presence. Renewed by its process, gone when nobody renews it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="connections")
    process = models.CharField(max_length=64, db_index=True)
    seen_at = models.DateTimeField(db_index=True)
    sharing = models.BooleanField(default=False, help_text=_("It shares the sound of a tab or of its computer."))

    def __str__(self) -> str:
        return str(self.id)


class Voice(models.Model):
    """Somebody speaks through a socket. It runs out by itself, so that nobody who vanished speaks on."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="voices")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="voices")
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "participant"], name="one_voice_a_speaker_and_socket")
        ]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.until:%H:%M:%S}"


class Message(models.Model):
    """A line of chat. Its id is made where it was typed, so that sending twice shows it once."""

    id = models.UUIDField(primary_key=True, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="messages", verbose_name=_("meeting"))
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="messages", verbose_name=_("by"))
    seq = models.PositiveBigIntegerField()
    sent_at = models.DateTimeField(_("sent at"))
    text = models.TextField(_("text"), max_length=2000)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes: ClassVar = [models.Index(fields=["meeting", "sent_at"])]

    def __str__(self) -> str:
        return f"{self.participant}, {self.sent_at:%Y-%m-%d %H:%M:%S}"


class Clip(models.Model):
    """One stretch of one person's speech, from its first byte on. The row is the truth; a message is a nudge."""

    class State(models.TextChoices):
        RECEIVING = "receiving", _("receiving")
        RECEIVED = "received", _("received")
        CAPTIONED = "captioned", _("captioned")
        SILENT = "silent", _("silent")
        FAILED = "failed", _("failed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="clips", verbose_name=_("meeting"))
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="clips", verbose_name=_("speaker"))
    number = models.PositiveIntegerField(_("number"), help_text=_("In its speaker's sequence."))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVING)
    mime = models.CharField(_("type"), max_length=80)
    language = models.CharField(_("language"), max_length=20, blank=True, help_text=_("Empty: found by the model."))
    started_at = models.DateTimeField(_("started at"), help_text=_("When the kept speech begins."))
    keep_from = models.PositiveIntegerField(default=0, help_text=_("Milliseconds from the recorder's start."))
    keep_to = models.PositiveIntegerField(null=True, blank=True)
    chunks = models.PositiveIntegerField(null=True, blank=True, help_text=_("How many there are; known at its end."))
    cut_short = models.BooleanField(_("cut short"), default=False)
    opened_at = models.DateTimeField(auto_now_add=True)
    received_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0, help_text=_("Grows each time more of its audio came in."))
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    suppressed = models.TextField(_("suppressed text"), blank=True)
    audio = models.CharField(_("audio"), max_length=255, blank=True, help_text=_("Below media, when written."))
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    compared = models.BooleanField(
        default=False, help_text=_("Looked at for the same voice through another microphone.")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("clip")
        verbose_name_plural = _("clips")
        indexes: ClassVar = [
            models.Index(fields=["state", "lease_until"]),
            models.Index(fields=["meeting", "started_at"]),
            models.Index(fields=["meeting", "state", "started_at"], name="clips_by_state"),
            models.Index(fields=["meeting"], name="clips_to_compare", condition=Q(state="captioned", compared=False)),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Caption(models.Model):
    """What a clip says. One a clip; a second transcription or a correction is a revision of it."""

    clip = models.OneToOneField(Clip, models.CASCADE, primary_key=True, related_name="caption", verbose_name=_("clip"))
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="captions", verbose_name=_("meeting"))
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="captions", verbose_name=_("speaker"))
    started_at = models.DateTimeField(_("started at"))
    seq = models.PositiveBigIntegerField()
    revision = models.PositiveIntegerField(_("revision"), default=1)
    language = models.CharField(_("language"), max_length=20)
    text = models.TextField(_("text"))
    gaps = models.JSONField(
        _("speech without words"),
        default=list,
        blank=True,
        help_text=_("Lists of start and end, milliseconds from the caption's start."),
    )
    folded_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="copies",
        verbose_name=_("folded into"),
        help_text=_("The line that is the same voice, through a nearer microphone."),
    )
    apart = models.BooleanField(_("kept apart"), default=False, help_text=_("Somebody unfolded it: so it stays."))

    class Meta:
        verbose_name = _("caption")
        verbose_name_plural = _("captions")
        indexes: ClassVar = [
            models.Index(fields=["meeting", "started_at"]),
            models.Index(fields=["meeting", "seq"]),
        ]

    def __str__(self) -> str:
        return f"{self.participant}, {self.started_at:%Y-%m-%d %H:%M:%S}"


class Translation(models.Model):
    """A caption in another language, or the promise of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")

    caption = models.ForeignKey(Caption, models.CASCADE, related_name="translations", verbose_name=_("caption"))
    language = models.CharField(_("language"), max_length=20)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    text = models.TextField(_("text"), blank=True)
    provider = models.CharField(_("provider"), max_length=20, blank=True)
    revision = models.PositiveIntegerField(help_text=_("Of the caption that it translates."))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("translation")
        verbose_name_plural = _("translations")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["caption", "language"], name="one_translation_a_language")
        ]
        indexes: ClassVar = [models.Index(fields=["state", "next_try_at"])]

    def __str__(self) -> str:
        return f"{self.caption} ({self.language})"


class Erasure(models.Model):
    """A file or folder that must go: noted in the transaction that took its row away, erased till `until`."""

    class Place(models.TextChoices):
        MEDIA = "media"
        PARTS = "parts"

    place = models.CharField(max_length=5, choices=Place.choices)
    path = models.CharField(max_length=255, help_text=_("Below its place."))
    until = models.DateTimeField(help_text=_("Till then somebody may still write what they began before."))

    def __str__(self) -> str:
        return f"{self.place}/{self.path}"
