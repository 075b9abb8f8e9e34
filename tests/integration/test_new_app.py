"""new-app: what it writes passes the checks that a careful author would run, and its own tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import doclife

CHECKOUT = Path(doclife.__file__).parents[1]


def _run(folder, *words, expected=0):
    names = {name: value for name, value in os.environ.items() if not name.startswith(("DOCLIFE_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=names | {"PYTHONPATH": str(CHECKOUT), "MYPYPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout if expected == 0 else done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shop", "my_little_shop2"])
def test_a_new_app_is_migrated_installed_tested_and_clean(tmp_path, name):
    said = _run(tmp_path, "doclife.cli", "new-app", name)
    assert said.splitlines()[0] == f"{name}/__init__.py"
    assert f"  doclife makemigrations {name} -m initial\n" in said
    steps = [line.split("    (")[0].strip().split() for line in said.partition("Next:\n")[2].splitlines()]

    assert _run(tmp_path, "doclife.cli", *steps[0][1:]) == f"{tmp_path}/{name}/migrations/0001_initial.py\n"
    assert f"installed {name}\n" in _run(tmp_path, "doclife.cli", *steps[1][1:])
    assert "2 passed" in _run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", *steps[2][1:])

    added = _run(
        tmp_path, "doclife.cli", "execute", f"{name}.api.add_note", "--kwargs", '{"title": "x", "text": "a b"}'
    )
    _run(tmp_path, "doclife.cli", "worker", "--burst")
    assert _run(tmp_path, "doclife.cli", "check") == "no problems\n"
    doctype = {"shop": "Shop Note", "my_little_shop2": "My Little Shop2 Note"}[name]
    asked = ["--args", f'["{doctype}", "{added.strip()}", "words"]']
    assert _run(tmp_path, "doclife.cli", "execute", "doclife.db.get_value", *asked) == "2\n"
    _run(
        tmp_path,
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E,F,W,I,B,UP,RUF,SIM",
        "--per-file-ignores=**/migrations/**:I",
        name,
    )
    _run(tmp_path, "ruff", "format", "--check", "--isolated", name)
    _run(tmp_path, "mypy", "--strict", "--no-incremental", "--follow-imports=silent", name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Shop", "'Shop' cannot be the name of an app: it is a Python package"),
        ("my-shop", "cannot be the name of an app"),
        ("../shop", "cannot be the name of an app"),
        ("class", "cannot be the name of an app"),
        ("2shop", "cannot be the name of an app"),
        ("json", "'json' is a Python module that is there already"),
        ("doclife", "'doclife' is a Python module that is there already"),
        ("taken", "taken exists already; choose another name"),
    ],
)
def test_a_name_that_no_app_can_have_is_refused(tmp_path, name, message):
    (tmp_path / "taken").mkdir()
    said = _run(tmp_path, "doclife.cli", "new-app", name, expected=2)
    assert message in said
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
