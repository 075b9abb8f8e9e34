"""The skeleton of an app: what `doclife new-app` writes. $app is its name, $title and $prefix are made of it."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from string import Template

from doclife.core.errors import ConfigError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

FILES: dict[str, str] = {
    "__init__.py": '''
"""$title: an app on doclife."""

__version__ = "0.1.0"
''',
    "hooks.py": '''
"""What the app declares: who reacts to which event, and what runs when.

Every key stands in docs/apps.md of doclife; `doclife hooks list` shows what came of it.
"""

app_name = "$app"
app_title = "$title"
required_apps: list[str] = []

doc_events = {
    "$prefix Note": {
        "on_update": "$app.events.notes.count_words_later",
    },
}

# scheduler_events = {"daily": ["$app.tasks.notes.tidy_up"]}
# fixtures = ["Role"]
''',
    "doctypes/__init__.py": '''
"""The app's document types, a module each; every module here is imported."""
''',
    "doctypes/note.py": '''
"""Notes: the first document type, to be renamed or taken as a pattern."""

from doclife import Document, Meta, Permission
from doclife.fields import Data, Int, Text


class ${camel}Note(Document):
    """A note; its document type is "$prefix Note"."""

    meta = Meta(
        title_field="title",
        track_changes=True,
        permissions=[
            Permission(
                "$title User",
                read=True,
                write=True,
                create=True,
                delete=True,
            ),
        ],
    )

    title = Data(reqd=True)
    text = Text()
    words = Int(read_only=True)

    def validate(self) -> None:
        """Keeps titles tidy."""
        self.title = self.title.strip()
''',
    "events/__init__.py": '''
"""Handlers: functions that react to events of documents; hooks.py names them."""
''',
    "events/notes.py": '''
"""What happens when a note was saved."""

import doclife

from $app.doctypes.note import ${camel}Note
from $app.tasks.notes import count_words


def count_words_later(doc: ${camel}Note, method: str) -> None:
    """Leaves the counting to a job, which exists exactly if the save is kept."""
    doclife.enqueue(count_words, note=doc.name)
''',
    "tasks/__init__.py": '''
"""Jobs: functions that workers run."""
''',
    "tasks/notes.py": '''
"""What is done about notes in the background."""

import doclife

from $app.doctypes.note import ${camel}Note


def count_words(note: str) -> None:
    """Counts the words of a note; `db_set` writes without the events of a save."""
    doc = doclife.get_doc(${camel}Note, note)
    doc.db_set("words", len((doc.text or "").split()))
''',
    "api.py": '''
"""What may be called from outside."""

import doclife

from $app.doctypes.note import ${camel}Note


@doclife.whitelist()
def add_note(title: str, text: str = "") -> str:
    """Adds a note and returns its name; the user needs the right to create notes."""
    note = doclife.new_doc(${camel}Note, title=title, text=text)
    return note.insert().name
''',
    "tests/__init__.py": "",
    "tests/test_notes.py": '''
"""A note from its saving to the job that follows: `pytest $app`."""

import doclife
import pytest
from doclife.testing import SandboxSite, as_user, assert_enqueued, make_user, run_jobs

from $app.api import add_note
from $app.doctypes.note import ${camel}Note
from $app.tasks.notes import count_words

pytestmark = pytest.mark.doclife_apps("$app")


def test_the_words_of_a_note_are_counted_after_it_is_saved(site: SandboxSite) -> None:
    name = add_note("  First  ", "three small words")
    assert doclife.get_doc(${camel}Note, name).title == "First"
    assert_enqueued(count_words, note=name)
    run_jobs()
    assert doclife.get_doc(${camel}Note, name).words == 3


def test_only_its_users_may_add_notes(site: SandboxSite) -> None:
    make_user("ann@example.com", "$title User")
    make_user("ben@example.com")
    with as_user("ann@example.com"):
        add_note("Hers")
    with as_user("ben@example.com"), pytest.raises(doclife.PermissionError):
        add_note("His")
''',
}


def new_app(name: str, folder: Path) -> list[Path]:
    """Writes an app into a new folder of its name, and returns the files.

    Args:
        name: of the app: a Python package.
        folder: that will hold it; Python must find it there.
    Raises:
        ConfigError: the name cannot be one of an app, or is taken. Nothing is written then.
    """
    path = folder / name
    if _NAME.fullmatch(name) is None or keyword.iskeyword(name):
        raise ConfigError(
            f"{name!r} cannot be the name of an app: it is a Python package, so up to 40 small letters, digits and "
            "'_', the first a letter"
        )
    if path.exists():
        raise ConfigError(f"{path} exists already; choose another name, or another folder")
    if name in sys.stdlib_module_names or find_spec(name) is not None:
        raise ConfigError(f"{name!r} is a Python module that is there already; choose another name")
    words = name.strip("_").replace("__", "_").split("_")
    title = " ".join(word.capitalize() for word in words)
    names = {"app": name, "title": title, "prefix": title, "camel": title.replace(" ", "")}
    written = []
    for inner, text in FILES.items():
        file = path / inner
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text.lstrip("\n")).substitute(names), encoding="utf-8")
        written.append(file)
    return written
