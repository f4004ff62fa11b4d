"""The application's name for Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetConfig(AppConfig):
    """The meeting rooms."""

    name = "meet"
    verbose_name = _("Meetings")

    def ready(self) -> None:
        """Deleted rooms and meetings take their files along."""
        import_module("meet.clips.file_deletion")  # only now can tables be named
