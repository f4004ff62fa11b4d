"""Icons in the page: those of Lucide, drawn inline where they stand, so that only what is used travels."""

import json
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_DRAWN = '<svg class="icon" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true">{}</svg>'


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """An icon in the colour of the text around it, `size` px wide. It says nothing: whatever holds it has a name."""
    lucide = _lucide()
    body = lucide["icons"][name]["body"]  # an icon that the set does not have is a mistake of the template
    return format_html(_DRAWN, lucide["width"], lucide["height"], size, size, mark_safe(body))  # noqa: S308


@cache
def _lucide() -> dict[str, Any]:
    """The set as its package brings it: name to drawing."""
    read: dict[str, Any] = json.loads(settings.ICONS.read_text(encoding="utf-8"))
    return read
