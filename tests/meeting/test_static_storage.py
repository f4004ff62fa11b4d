"""Static files under hashed names: what a module imports is found under its hashed name, types are no imports."""

import re

import pytest
from django.core.files.storage import FileSystemStorage

from meeting.static_storage import ModuleManifestStorage

ONE = "/** @typedef {import('./other.js').Other} Other */\nexport const one = 1;\n"
OTHER = "import { one } from './one.js';\n/** @typedef {import('./one.js').One} One */\nexport const other = one;\n"


@pytest.fixture
def collected(tmp_path):
    """Two modules, of which one imports the other and each uses a type of the other's, as they are served."""
    for name, text in (("one.js", ONE), ("other.js", OTHER)):
        (tmp_path / name).write_text(text)
    source = FileSystemStorage(tmp_path)
    storage = ModuleManifestStorage(location=tmp_path, base_url="/static/")
    paths = {name: (source, name) for name in ("one.js", "other.js")}
    return {name: (hashed, processed) for name, hashed, processed in storage.post_process(paths)}, tmp_path


def test_modules_that_use_each_others_types_are_collected(collected):
    files, _folder = collected
    assert [done for _hashed, done in files.values() if isinstance(done, Exception)] == []


def test_an_import_names_the_hashed_file_and_a_type_in_a_comment_stays(collected):
    files, folder = collected
    served = (folder / files["other.js"][0]).read_text()
    imported, named = re.findall(r"[\"']\./(one[^\"']*\.js)[\"']", served)
    assert (imported, named) == (files["one.js"][0], "one.js")
    assert files["one.js"][0] != "one.js"
