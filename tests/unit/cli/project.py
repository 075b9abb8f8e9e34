"""A project folder with two apps, as its developers would have written them, and the command line in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

import doclife
from doclife.cli.main import cli

CHECKOUT = Path(doclife.__file__).parents[1]

FILES = {
    "cli_outlets/__init__.py": '__version__ = "1.2"\n',
    "cli_outlets/hooks.py": """
app_name = "cli_outlets"
app_title = "Outlets"
doc_events = {
    "Cli Outlet": {
        "on_submit": ["cli_outlets.events.first", "cli_outlets.events.second"],
        "validate": "cli_outlets.events.first",
    },
    "*": {"on_submit": "cli_outlets.events.everywhere"},
}
""",
    "cli_outlets/doctypes/__init__.py": "",
    "cli_outlets/doctypes/outlet.py": """
from doclife import Document, Meta
from doclife.fields import Data


class CliOutlet(Document):
    meta = Meta(submittable=True, autoname="field:code")

    code = Data(reqd=True)
    city = Data()

    def validate(self):
        self.city = self.city or "Berlin"

    def on_submit(self):
        pass
""",
    "cli_outlets/events.py": """
def first(doc, method):
    pass


def second(doc):
    pass


def everywhere(doc, method):
    pass
""",
    "cli_outlets/tasks.py": """
import doclife


def add(a, b=1):
    return a + b


def make(code):
    doclife.msgprint("made", alert=True)
    return doclife.get_doc({"doctype": "Cli Outlet", "code": code}).insert()


def make_and_refuse(code):
    make(code)
    doclife.throw("the outlet is closed")


def make_and_break(code):
    make(code)
    raise LookupError("not doclife's")


def read_date(text):
    return doclife.utils.getdate(text)


def queue(n):
    for _ in range(n):
        doclife.enqueue(add, queue="short", a=1)


LIMIT = 3
""",
    "cli_royalties/__init__.py": "",
    "cli_royalties/hooks.py": """
app_name = "cli_royalties"
required_apps = ["cli_outlets"]
doc_events = {
    "Cli Outlet": {"on_submit": "cli_royalties.events.book"},
    "*": {"on_submit": "cli_royalties.events.note"},
    "Cli Outlets": {"on_submit": "cli_royalties.events.book"},
}
""",
    "cli_royalties/events.py": """
def book(doc, method):
    pass


def note(doc, method):
    pass
""",
}


class Project:
    """A project folder and its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def sites(self) -> Path:
        return self.folder / "sites"

    def write(self, files: dict[str, str]) -> None:
        """Writes files, given by their path in the folder."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.lstrip("\n"), encoding="utf-8")

    def run(self, *args: str, stdin: str = "") -> Result:
        """Runs `doclife` in this process."""
        return CliRunner().invoke(cli, ["--sites-dir", str(self.sites), *args], input=stdin, prog_name="doclife")

    def ok(self, *args: str, stdin: str = "") -> str:
        """Runs `doclife`, which must succeed, and returns what it printed."""
        done = self.run(*args, stdin=stdin)
        assert done.exit_code == 0, done.output
        return done.stdout

    def spawn(self, *args: str, stdin: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs `doclife` in a process of its own, in the project folder."""
        return subprocess.run(
            [sys.executable, "-m", "doclife.cli", *args],
            cwd=self.folder,
            env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin"} | (env or {}),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
