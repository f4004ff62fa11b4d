"""The documents are true: settings, commands, events, packages, links and paths are the code's own."""

import ast
import importlib.util
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

from speech.__main__ import _parser
from speech.config import Config

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
README_ZH = ROOT / "README.zh-TW.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PROTOCOL = ROOT / "docs" / "protocol.md"
TRANSLATED = ("settings", "commands", "troubleshooting", "privacy")  # pages that both languages have
PAIRS = [(README, README_ZH), *((ROOT / f"docs/{name}.md", ROOT / f"docs/zh-TW/{name}.md") for name in TRANSLATED)]
SETTINGS, SETTINGS_ZH = PAIRS[1]
COMMANDS, COMMANDS_ZH = PAIRS[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "speech" / "data" / "README.md",
        ROOT / "tools" / "demo_model" / "README.md",
    ]
)
READERS = ["manage.py", "meeting", "meet", "speech"]  # what may read the environment

# how the processes are started, and where caches lie: nobody sets these for our sake
INTERNAL = {"DJANGO_SETTINGS_MODULE", "PYTHONPATH", "WEB_NAME", "XDG_CACHE_HOME"}
ENVIRONMENTS = {"os.environ", "environ", "value"}  # `value` is speech/config.py's cleaned copy
FOLDERS = (
    "meeting",
    "meet",
    "speech",
    "static",
    "templates",
    "locale",
    "tests",
    "tools",
    "bench",
    "bin",
    "docs",
    ".ci",
)
IMPORTS = {"openai-whisper": "whisper", "deep-translator": "deep_translator", "channels-redis": "channels_redis"}
ENDINGS = {"py", "js", "html"}
THEIRS = {("whisper", "decode")}  # of openai-whisper
NOTHING = object()  # a default that is worked out at run time


def rows(document: Path, heading: str = "") -> list[list[str]]:
    """The cells of the first table of a document, or below one of its headings; the table's own heading left out."""
    text = document.read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0] if heading else text
    table = re.search(r"^\|.*(?:\n\|.*)*", section, re.MULTILINE)
    assert table, f"{document.name} has no table"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]


def bare(cell: str) -> str:
    """The code in a cell."""
    found = re.search(r"`([^`]+)`", cell)
    assert found, f"no code in {cell!r}"
    return found[1]


@cache
def read_by_the_code() -> dict[str, Any]:
    """Every environment variable that the code reads, with its default where that stands in the code."""
    found: dict[str, Any] = {}
    for path in _python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name, default in _reading(node):
                if re.fullmatch(r"[A-Z][A-Z0-9_]+", name) and found.get(name, NOTHING) is NOTHING:
                    found[name] = default
    return {name: default for name, default in found.items() if name not in INTERNAL}


def _python_files() -> Iterator[Path]:
    for place in READERS:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _reading(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """The variables that one piece of code reads."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        name, owner = node.args[0], ast.unparse(node.func.value)
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            return
        ours = owner == "env" and node.func.attr != "refuse"
        if ours or (owner in ENVIRONMENTS and node.func.attr in ("get", "setdefault")):
            yield name.value, _default(node)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        if ast.unparse(node.value) in ENVIRONMENTS and isinstance(node.slice, ast.Constant):
            yield str(node.slice.value), NOTHING
    elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
        yield from [(str(node.left.value), NOTHING)] if ast.unparse(node.comparators[0]) in ENVIRONMENTS else []


def _default(call: ast.Call) -> Any:
    """The default of a reading: what stands there, or what `Config` has; NOTHING where it is worked out."""
    named = [word.value for word in call.keywords if word.arg == "default"]
    at = 2 if call.func.attr == "address" else 1  # an address names its schemes before
    given = call.args[at : at + 1] or named
    if not given:
        return NOTHING
    if isinstance(given[0], ast.Attribute) and ast.unparse(given[0].value) == "default":
        return getattr(Config(), given[0].attr)
    try:
        return ast.literal_eval(given[0])
    except ValueError:
        return NOTHING


def _as_written(default: Any) -> str:
    """A default as somebody would set it."""
    if isinstance(default, bool):
        return "on" if default else "off"
    return ",".join(default) if isinstance(default, list) else str(default)


def test_the_settings_table_has_every_variable_that_the_code_reads_and_no_other():
    assert {bare(row[0]) for row in rows(SETTINGS)} == set(read_by_the_code())


def test_the_reading_of_the_code_finds_each_way_a_variable_is_read():
    assert {"HOST", "HTTPS", "WHISPER_MODEL_DIR", "OMP_WAIT_POLICY", "OMP_NUM_THREADS"} <= set(read_by_the_code())


@pytest.mark.parametrize("row", rows(SETTINGS), ids=lambda row: bare(row[0]))
def test_a_default_that_stands_in_the_code_is_the_one_in_the_table(row):
    default = read_by_the_code()[bare(row[0])]
    alone = re.fullmatch(r"`([^`]+)`", row[1])  # code and nothing else: a value; words: what is worked out, or none
    shown = alone[1] if alone else ""
    assert shown == ("" if default is NOTHING else _as_written(default))


def test_both_languages_list_the_same_settings_with_the_same_defaults():
    assert [as_set(row) for row in rows(SETTINGS_ZH)] == [as_set(row) for row in rows(SETTINGS)]


def as_set(row: list[str]) -> tuple[str, list[str]]:
    """A setting's name, and the values that its default is told with."""
    return bare(row[0]), sorted(re.findall(r"`([^`]+)`", row[1]))


def test_both_languages_list_the_same_commands():
    assert [bare(row[0]) for row in rows(COMMANDS_ZH)] == [bare(row[0]) for row in rows(COMMANDS)]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda path: path.stem)
def test_both_languages_have_the_same_blocks_of_commands(english, chinese):
    assert blocks(chinese) == blocks(english)


def blocks(document: Path) -> list[str]:
    """What is to be typed, without the comments beside it; a drawing is none."""
    fenced = re.findall(r"^```\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(r"\s*#.*", "", block) for block in fenced if "►" not in block]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda path: path.stem)
def test_both_languages_link_to_the_same_documents(english, chinese):
    assert linked(chinese) == linked(english)


def linked(document: Path) -> list[str]:
    """Where its links lead, in their order, in English. Pictures, the other language and what is within it are left
    out."""
    targets = re.findall(r"(?<!!)\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    found = []
    for target in targets:
        path, _hash, part = target.partition("#")
        if re.match(r"[a-z]+:", target):
            found.append(target)
        elif path and not path.endswith((".png", ".jpg")):
            page = (document.parent / path).resolve()
            english = next((one for one, other in PAIRS if other == page), page)
            part = "" if english == README else part
            found.append(f"{english.relative_to(ROOT).as_posix()}#{part}")
    own = next(one for one, other in PAIRS if document in (one, other))
    return [target for target in found if target != f"{own.relative_to(ROOT).as_posix()}#"]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda path: path.stem)
def test_both_languages_have_the_same_sections_and_as_many_rows_in_each_table(english, chinese):
    assert shape(chinese) == shape(english)


def shape(document: Path) -> list[tuple[str, int]]:
    """The level of each heading, and how many lines of tables follow it."""
    parts = re.split(r"^(#+) .*$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [
        (level, len(re.findall(r"^\|", text, re.MULTILINE)))
        for level, text in zip(parts[::2], parts[1::2], strict=True)
    ]


@pytest.mark.parametrize("kind", ["client", "server"])
def test_every_event_of_the_socket_is_explained(kind):
    events = json.loads((ROOT / "tests" / "fixtures" / "events.json").read_text(encoding="utf-8"))[kind]
    explained = PROTOCOL.read_text(encoding="utf-8").split("## Events and audio frames")[1].split("\n## ")[0]
    assert [name for name in events if f"`{name}`" not in explained] == []


def test_every_command_of_the_readme_exists():
    missing = [command for row in rows(COMMANDS) if not _exists(command := bare(row[0]))]
    assert missing == []


def _exists(command: str) -> bool:
    program, *words = command.split()
    if program != "python":
        return (ROOT / program).is_file()
    if words[0] == "-m":
        speech = words[1] != "speech" or words[2] in _speech_commands()
        return speech and importlib.util.find_spec(words[1]) is not None
    if words[0] != "manage.py":
        return (ROOT / words[0]).is_file()
    return words[1] == "serve" or _takes(words[1], words[2:])


def _takes(name: str, words: list[str]) -> bool:
    """Whether a management command is there and takes these options."""
    app = get_commands().get(name)
    if app is None:
        return False
    options = load_command_class(app, name).create_parser("manage.py", name)._option_string_actions
    return {word for word in words if word.startswith("--")} <= set(options)


def _speech_commands() -> set[str]:
    [commands] = [action for action in _parser()._actions if action.dest == "command"]
    return set(commands.choices)


def test_every_command_of_ours_is_in_the_readme():
    shown = "\n".join(row[0] for row in rows(COMMANDS))
    ours = [f"manage.py {path.stem}" for path in ROOT.glob("meet/management/commands/[a-z]*.py")]
    ours += [f"speech {name}" for name in _speech_commands()] + [f"bin/{path.name}" for path in ROOT.glob("bin/*")]
    assert [name for name in ours if name not in shown] == []


@pytest.mark.parametrize("row", rows(ARCHITECTURE, "Where the ten packages are used"), ids=lambda row: row[0])
def test_a_package_is_used_where_the_architecture_says(row):
    package = row[0].split()[0]
    files = re.findall(r"`([^`]+)`", row[1])
    module = IMPORTS.get(package, package)
    unused = [name for name in files if not re.search(rf"\b{module}\b", (ROOT / name).read_text(encoding="utf-8"))]
    assert files
    assert unused == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_within_the_project_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _hash, part = target.partition("#")
        if re.match(r"[a-z]+:", file):
            continue
        path = document.parent / file if file else document
        if not path.exists() or (part and part not in _anchors(path)):
            broken.append(target)
    assert broken == []


def _anchors(document: Path) -> set[str]:
    """The names under which a document's headings can be linked to."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", [ARCHITECTURE, PROTOCOL], ids=lambda path: path.name)
def test_every_function_of_ours_that_is_named_exists(document):
    modules: dict[str, list[Path]] = {}
    for package in ("meet", "meeting", "speech"):
        for path in (ROOT / package).rglob("*.py"):
            modules.setdefault(path.stem, []).append(path)
    named = re.findall(r"`([a-z_]+)\.([a-z_]+)(?:\(\))?`", document.read_text(encoding="utf-8"))
    of_ours = [
        (module, name)
        for module, name in named
        if name not in ENDINGS and (module, name) not in THEIRS and module in modules
    ]
    assert of_ours or document == PROTOCOL
    assert [
        f"{module}.{name}"
        for module, name in of_ours
        if not any(re.search(rf"\bdef {name}\(", path.read_text(encoding="utf-8")) for path in modules[module])
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_path_of_the_project_that_is_named_exists(document):
    named = re.findall(rf"(?<![\w./<>-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./*-]*", document.read_text("utf-8"))
    paths = {name.rstrip("./") for name in named}
    assert [name for name in sorted(paths) if not list(ROOT.glob(name))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_said_of_the_machine_it_was_written_on(document):
    assert re.findall(r"/(?:work|opt|tmp|root)/", document.read_text(encoding="utf-8")) == []
