"""Preloads of JavaScript modules: all that a page's module imports, so that none waits until another was read."""

import posixpath
import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_IMPORT = re.compile(r"^(?:import|export) [^;]*?'(\.[^']+)';", re.M)  # an import in a comment, of a type, is none


@register.simple_tag
def module_preloads(module: str) -> SafeString:
    """A `modulepreload` link for each module that `module` (a static file's name) imports, directly or not."""
    return format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', [(static(path),) for path in _imported(module)]
    )


@cache
def _imported(module: str) -> tuple[str, ...]:
    found, waiting = set[str](), [module]
    while waiting:
        importer = waiting.pop()
        source = finders.find(importer)
        if source is None:
            raise LookupError(f"{importer}: no such static file")
        for path in _IMPORT.findall(Path(source).read_text(encoding="utf-8")):
            name = posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))
            if name not in found:
                found.add(name)
                waiting.append(name)
    return tuple(sorted(found))
