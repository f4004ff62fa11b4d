"""Hashed and compressed static files, `import` statements of JavaScript modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Rewrites `import` paths to the hashed names too, so that a module is never older than its importer."""

    support_js_module_import_aggregation = True
