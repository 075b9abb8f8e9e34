"""new-site, drop-site, use."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import create_engine, inspect, text

from doclife.core.clock import utc_now as now
from doclife.schema.tables import worker
from doclife.site.load import load_site
from doclife.worker.presence import present


def test_new_site_makes_folder_tables_and_apps_and_says_so(fresh):
    printed = fresh.ok("new-site", "shop", "--install-app", "cli_outlets", "--admin-password", "pw").splitlines()
    assert printed[0].startswith("doclife: doclife_0001")
    assert printed[-2:] == ["installed cli_outlets", f"site shop is ready in {fresh.sites / 'shop'}"]
    tables = inspect(create_engine(f"sqlite:///{fresh.sites}/shop/site.db")).get_table_names()
    assert {"tabUser", "tabCli Outlet"} <= set(tables)
    assert fresh.ok("execute", "doclife.doctypes.user.User", "--kwargs", "{}") != ""


def test_a_second_site_of_the_name_is_refused(project):
    done = project.run("new-site", "one")
    assert (done.exit_code, done.stderr.startswith("Error: site 'one' exists already")) == (2, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("bad/name",), "'bad/name' cannot be the name of a site"),
        (("shop", "--install-app", "cli_nothing"), "no app 'cli_nothing'"),
        (("shop", "--install-app", "cli_royalties"), "app 'cli_royalties' requires 'cli_outlets'"),
        (("shop", "--db-url", "nonsense"), "nonsense"),
        (("shop", "--db-url", "postgresql+psycopg://u:secret@127.0.0.1:1/x"), "127.0.0.1"),
    ],
    ids=["name", "unknown app", "required app", "no url", "nobody there"],
)
def test_a_site_that_cannot_be_made_leaves_nothing(fresh, words, message):
    done = fresh.run("new-site", *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    assert not fresh.sites.exists() or list(fresh.sites.iterdir()) == []


def test_a_database_that_holds_tables_is_refused_and_left_alone(fresh, tmp_path):
    url = f"sqlite:///{tmp_path}/old.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoices (id INTEGER)"))
    done = fresh.run("new-site", "shop", "--db-url", url)
    assert done.exit_code == 2
    assert "holds tables already; a new site needs an empty one" in done.stderr
    assert inspect(engine).get_table_names() == ["invoices"]


def test_drop_site_wants_to_be_sure(fresh):
    fresh.ok("new-site", "shop")
    done = fresh.run("drop-site", "shop")
    assert (done.exit_code, "say --yes" in done.stderr) == (2, True)
    assert (fresh.sites / "shop" / "site.db").exists()
    assert fresh.ok("drop-site", "shop", "--yes") == "site shop is dropped\n"
    assert not (fresh.sites / "shop").exists()
    assert fresh.run("drop-site", "shop", "--yes").exit_code == 2


def test_a_site_whose_workers_run_is_dropped_by_force_alone(fresh):
    fresh.ok("new-site", "shop")
    fresh.ok("use", "shop")
    site = load_site("shop", fresh.sites)
    with present(site, queues=["short"], isolation="inproc", name="a-worker"):
        done = fresh.run("drop-site", "shop", "--yes")
        assert (done.exit_code, done.stderr) == (
            2,
            "Error: workers of shop run: a-worker; stop them first, or say --force\n",
        )
        assert (fresh.sites / "shop" / "site.db").exists()
    with site.database.transaction() as connection:  # one that was killed
        values = {"name": "dead", "host": "h", "pid": 1, "queues": "[]", "isolation": "inproc"}
        connection.execute(worker.insert().values(values | {"started_at": now(), "heartbeat": now()}))
    assert fresh.ok("drop-site", "shop", "--yes") == "site shop is dropped\n"
    assert not (fresh.sites / "currentsite.txt").exists()
    fresh.ok("new-site", "other")
    assert fresh.ok("check") == "no problems\n"


def test_tables_that_no_installed_app_has_are_told(fresh, tmp_path):
    url = f"sqlite:///{tmp_path}/shop.db"
    fresh.ok("new-site", "shop", "--db-url", url)
    with create_engine(url).begin() as connection:
        connection.execute(text('CREATE TABLE "tabOld Outlet" (name TEXT)'))
    assert fresh.ok("drop-site", "shop", "--yes").splitlines() == [
        "tables of no installed app stay in the database: tabOld Outlet",
        "site shop is dropped",
    ]
    assert inspect(create_engine(url)).get_table_names() == ["tabOld Outlet"]


def test_use_names_the_site_that_is_meant(fresh):
    fresh.ok("new-site", "a")
    fresh.ok("new-site", "b")
    done = fresh.run("list-apps")
    assert (done.exit_code, "holds 2 sites (a, b)" in done.stderr) == (2, True)
    assert fresh.ok("use", "b") == "b is in use\n"
    sources = {row["setting"]: row["source"] for row in json.loads(fresh.ok("config", "show", "--json"))}
    assert sources["installed_apps"] == "default"
    assert json.loads(fresh.ok("list-apps", "--json"))[0]["app"] == "doclife"
