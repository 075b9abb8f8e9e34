"""The plugin in a pytest of its own, as a user of doclife has it: cheap to load, parallel, in any order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import doclife
from doclife.core.errors import ConfigError
from doclife.database.engine import create_engine
from doclife.testing.databases import PREFIX, make_database, sweep
from tests.contract.databases import MARKED
from tests.servers import server_url

pytestmark = pytest.mark.slow_on_servers

PACKAGES = str(Path(doclife.__file__).parent.parent)


@pytest.fixture
def project(tmp_path):
    """Writes a project and returns a function that runs pytest in it."""

    def run(*options, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(dedent(text))
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
            | {"PYTHONPATH": PACKAGES},
            capture_output=True,
            text=True,
            timeout=100,
        )

    return run


TESTS = """
    import pytest
    from doclife.core.context import current
    from doclife.doctypes.user import Role
    from doclife.query.db import db

    @pytest.mark.parametrize("n", range(12))
    def test_alone(site, n):
        assert db.count("Role", {"name": ["like", "role%"]}) == 0
        Role(role_name=f"role {n}").insert()
        current().unit.commit()
"""


@pytest.mark.parametrize("options", [(), pytest.param(("-n2",), marks=pytest.mark.slow)], ids=["alone", "parallel"])
def test_tests_do_not_see_each_other(project, options):
    """In random order, as pytest-randomly has it."""
    done = project(*options, test_roles=TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 passed" in done.stdout


def test_apps_come_from_the_ini_file_a_marker_or_a_fixture(project, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\ndoclife_apps = kit_one\n")
    for name in ("kit_one", "kit_two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "hooks.py").touch()
        (tmp_path / name / "migrations").mkdir()
    done = project(
        test_apps="""
            import pytest

            def names(site):
                return [app.name for app in site.apps][1:]

            def test_ini(site):
                assert names(site) == ["kit_one"]

            @pytest.mark.doclife_apps("kit_two", "kit_one")
            def test_marker(site):
                assert names(site) == ["kit_two", "kit_one"]

            class TestFixture:
                @pytest.fixture
                def doclife_apps(self):
                    return ("kit_two",)

                def test_fixture(self, site):
                    assert names(site) == ["kit_two"]
        """
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_loading_the_plugin_loads_neither_sqlalchemy_nor_the_kernel():
    text = (
        "import sys, doclife.testing.plugin; print(sorted(m for m in sys.modules if m.startswith(('doclife', 'sqla'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": PACKAGES},
    )
    assert done.stdout.strip() == str(["doclife", "doclife.testing", "doclife.testing.plugin"])


def test_every_name_of_the_kit_is_there():
    import doclife.testing as kit

    for name in kit.__all__:
        assert getattr(kit, name).__module__.startswith("doclife.testing.")
    assert set(kit.__all__) <= set(dir(kit))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kit.nothing  # noqa: B018 the question is the test


def _example():
    page = (Path(PACKAGES) / "docs" / "testing.md").read_text()
    return "".join(re.findall(r"^```python\n(# test_\w+\.py\n.*?)^```", page, re.DOTALL | re.MULTILINE))


def test_the_example_of_the_docs_runs_as_it_stands(project):
    done = project(test_shop=_example())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_the_app_of_the_page_about_permissions_runs_as_it_stands(project, tmp_path):
    page = (Path(PACKAGES) / "docs" / "permissions.md").read_text()
    files = re.findall(r"^```python\n(# ([\w/]+\.py)\n.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert [name for _, name in files] == [
        "franchise/doctypes/documents.py",
        "franchise/hooks.py",
        "franchise/permissions.py",
        "test_franchise.py",
    ]
    for folder in ("franchise", "franchise/doctypes", "franchise/migrations"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    for text, name in files:
        (tmp_path / name).write_text(text)
    done = project()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


# servers


@pytest.fixture(params=MARKED[1:])
def server(request):
    return server_url(request.param)


def _databases(server):
    engine = create_engine(server)
    try:
        with engine.connect() as connection:
            postgres = connection.dialect.name == "postgresql"
            return set(
                connection.exec_driver_sql(
                    "SELECT datname FROM pg_database" if postgres else "SHOW DATABASES"
                ).scalars()
            )
    finally:
        engine.dispose()


def test_the_same_tests_run_on_a_server_and_nothing_is_left_there(project, server):
    looking = """
        import os
        from doclife.core.context import current

        def test_server(site, committed_site):
            assert current().unit.link.dialect != "sqlite"
            names = {each.database.engine.url.database for each in (site, committed_site)}
            assert {int(name.split("_")[3]) for name in names} == {os.getpid()}
            assert {int(name.split("_")[4]) for name in names} == {1, 2}
            print("made", *names)
        """
    done = project("-s", f"--doclife-db-url={server}", test_shop=_example(), test_roles=TESTS, test_looking=looking)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 passed" in done.stdout
    made = re.findall(r"doclife_test_\w+", done.stdout)
    assert len(made) == 2
    assert not _databases(server) & set(made)


@pytest.mark.slow
def test_the_ini_file_names_the_server_and_the_command_line_another(project, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\ndoclife_db_url = postgresql://nobody@127.0.0.1:1/nowhere\n")
    refused = project("-x", test_roles=TESTS)
    assert refused.returncode == 1
    assert "the database postgresql+psycopg://nobody@127.0.0.1:1/nowhere cannot be reached" in refused.stdout
    done = project("--doclife-db-url=", test_roles=TESTS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_killed_run_has_left_is_dropped_by_the_next_one(server):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, living, strange = f"{PREFIX}_{gone.pid}_1", f"{PREFIX}_{os.getpid()}_9999", f"doclife_test_other_{gone.pid}_1"
    engine = create_engine(server)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in (left, living, strange):
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            try:
                sweep(connection)
                assert _databases(server) & {left, living, strange} == {living, strange}
            finally:
                for name in (left, living, strange):
                    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
    finally:
        engine.dispose()


def test_a_url_that_is_no_servers_is_refused():
    with pytest.raises(ConfigError, match="leave it empty for SQLite"):
        make_database("sqlite:///x.db")


def test_a_user_who_may_not_make_databases_is_told_so(server):
    engine = create_engine(server)
    name = f"doclife_test_poor_{os.getpid()}"
    account = name if engine.dialect.name == "postgresql" else f"{name}@'%%'"
    secret = "PASSWORD 'poor'" if engine.dialect.name == "postgresql" else "IDENTIFIED BY 'poor'"
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE USER {account} {secret}")
            connection.commit()
            try:
                url = engine.url.set(username=name, password="poor").render_as_string(hide_password=False)
                with pytest.raises(ConfigError, match="no database can be made there") as refused:
                    make_database(url)
                assert "poor@" not in str(refused.value)
            finally:
                connection.exec_driver_sql(f"DROP USER {account}")
                connection.commit()
    finally:
        engine.dispose()
