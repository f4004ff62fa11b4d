"""The application's name for Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetConfig(AppConfig):
    """The meeting rooms."""

    name = "meet"
    verbose_name = _("Meetings")
