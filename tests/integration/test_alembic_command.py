"""`alembic` itself, with an ini as the one at the top of the project: framework and app, each a section."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from doclife.database.engine import create_engine
from doclife.database.migrate import FRAMEWORK, upgrade
from doclife.schema.tables import metadata

ROOT = Path(__file__).parents[2]

DOCTYPES = """
    from sqlalchemy import Column, Table
    from doclife.database import types
    from doclife.schema.tables import metadata

    Table("tabParcel", metadata, Column("name", types.ShortText(), primary_key=True), info={"app": "courier_app"})
"""


@pytest.fixture
def project(tmp_path):
    """A folder with a blank in its name, an app in it, and the project's ini with the app's section."""
    folder = tmp_path / "a project"
    doctypes = folder / "courier_app" / "doctypes"
    doctypes.mkdir(parents=True)
    (folder / "courier_app" / "__init__.py").touch()
    (folder / "courier_app" / "hooks.py").write_text('app_name = "courier_app"\n')
    (doctypes / "__init__.py").touch()
    (doctypes / "parcel.py").write_text(textwrap.dedent(DOCTYPES))
    ini = (ROOT / "alembic.ini").read_text()
    (folder / "alembic.ini").write_text(ini.replace("example_app", "courier_app"))
    return folder


def _alembic(folder, *arguments, section="courier_app", where="url=sqlite:///site.db", fails=False):
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-n", section, *(("-x", where) if where else ()), *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_each_section_is_an_app_with_its_own_history(project):
    assert "0001_initial.py written" in _alembic(project, "revision", "--autogenerate", "-m", "initial", where=None)
    revision = project / "courier_app" / "migrations" / "0001_initial.py"
    assert 'revision: str = "courier_app_0001"' in revision.read_text()
    assert "not up to date" in _alembic(project, "check", fails=True)

    told = _alembic(project, "upgrade", "head")

    assert "Running upgrade  -> courier_app_0001, initial" in told
    assert "No new upgrade operations detected" in _alembic(project, "check")
    assert "courier_app_0001 (head)" in _alembic(project, "current")
    engine = create_engine(f"sqlite:///{project / 'site.db'}")
    assert sorted(sa.inspect(engine).get_table_names()) == ["alembic_version_courier_app", "tabParcel"]

    assert "nothing has changed" in _alembic(project, "revision", "--autogenerate", "-m", "more")
    assert "0002_load_zones.py written" in _alembic(project, "revision", "-m", "Load zones")
    _alembic(project, "upgrade", "head")
    _alembic(project, "downgrade", "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version_courier_app"]
    engine.dispose()


def test_sql_is_printed_for_an_operator_to_run(project):
    _alembic(project, "revision", "--autogenerate", "-m", "initial")

    printed = _alembic(project, "upgrade", "head", "--sql")

    assert re.search(r'CREATE TABLE "tabParcel" \(\s+name VARCHAR\(140\) NOT NULL', printed)
    assert "INSERT INTO alembic_version_courier_app" in printed
    assert not (project / "site.db").exists()


def test_the_database_is_that_of_the_site(project):
    site = project / "sites" / "shop.example"
    site.mkdir(parents=True)
    (site / "site_config.json").write_text("{}")
    _alembic(project, "revision", "--autogenerate", "-m", "initial")

    _alembic(project, "upgrade", "head", where=None)

    engine = create_engine(f"sqlite:///{site / 'site.db'}")
    assert sorted(sa.inspect(engine).get_table_names()) == ["alembic_version_courier_app", "tabParcel"]
    engine.dispose()


def test_mistakes_are_told_in_one_line(project):
    told = _alembic(project, "current", where="site=no-such.example", fails=True)
    assert "no-such.example" in told
    assert "Traceback" not in told
    (project / "courier_app" / "migrations").mkdir()
    for name in ("0001_one", "0001_two"):
        (project / "courier_app" / "migrations" / f"{name}.py").write_text(
            f'revision = "{name}"\ndown_revision = None\n'
        )
    told = _alembic(project, "revision", "-m", "three", fails=True)
    assert "0001_one and 0001_two are both the newest revision" in told
    assert "Traceback" not in told


def test_a_program_may_give_tables_and_connection(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'site.db'}")
    upgrade(engine, metadata, [FRAMEWORK])
    config = Config(ROOT / "alembic.ini")
    config.file_config.remove_section("example_app")
    with engine.connect() as connection:
        config.attributes["metadata"] = metadata
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        connection.rollback()
    engine.dispose()
