"""Hashed and compressed static files, `import` statements of JavaScript modules included."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

Convert = Callable[[re.Match[str]], str]


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Rewrites `import` paths to the hashed names too, so that a module is never older than its importer."""

    support_js_module_import_aggregation = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # a room's page names ninety files, the same for everybody
        self.url = cache(super().url)

    def url_converter(self, name: str, hashed_files: dict[str, str], template: str | None = None) -> Convert:
        """A type that a comment takes from another module is no import: two may use each other's."""
        convert: Convert = super().url_converter(name, hashed_files, template)

        def outside_comments(found: re.Match[str]) -> str:
            return found["matched"] if _names_a_type(found) else convert(found)

        return outside_comments


def _names_a_type(found: re.Match[str]) -> bool:
    """Whether this is an `import('./other.js')` within a comment."""
    text, at = found.string, found.start()
    return str(found["matched"]).startswith("import(") and text.rfind("/*", 0, at) > text.rfind("*/", 0, at)
