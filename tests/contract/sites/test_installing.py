"""Installing an app, migrating, uninstalling it: what is there afterwards, also when something fails."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

import doclife
from doclife.core import clock, config
from doclife.core.amount import Amount
from doclife.core.ids import uuid7
from doclife.core.errors import AppNotInstalledError, ConfigError, MigrationError
from doclife.database.drift import check
from doclife.scheduler.tick import tick
from doclife.schema.tables import metadata
from doclife.site import removal as removing
from doclife.site.apps import install_app
from doclife.site.export import export_fixtures
from doclife.site.load import load_site
from doclife.site.migrating import histories, migrate
from doclife.site.removal import removal, uninstall_app
from doclife.site.setup import drop_site
from tests.servers import server_url

pytestmark = pytest.mark.slow_on_servers


@pytest.fixture
def setup(apps):
    """The setup module of box_app: what its functions have seen, and which of them fail."""
    from box_app import setup as module

    module.seen.clear()
    module.failing.clear()
    return module


def _tables(site):
    return set(sa.inspect(site.database.engine).get_table_names())


def _columns(site, table):
    return [column["name"] for column in sa.inspect(site.database.engine).get_columns(table)]


def _installed(site):
    return config.load_settings(site.sites_dir, site.name).settings.installed_apps


#: of tests of what is the same on every database
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
BOX_TABLES = {"tabBox", "tabBox Settings", "alembic_version_box_app"}


def test_an_installation_brings_tables_roles_fixtures_and_runs_its_functions(make_site, setup):
    site = make_site("site", "box_base", "box_app")
    assert setup.seen == ["before_install", ("boxes", 2), "after_install"]
    assert BOX_TABLES <= _tables(site)
    assert check(site.database.engine, metadata, histories(site)) == []
    with site.work():
        assert set(doclife.get_all("Role", pluck="name")) >= {"Box Keeper", "Box Reader", "Box Owner"}
        outer = doclife.get_doc("Box", "outer")
        assert (outer.price, outer.packed_on, outer.inside) == (Amount("1.25"), date(2026, 2, 1), "room")
        assert [row.item for row in outer.rows] == ["pen", "ink"]
        assert (outer.owner, outer.title) == ("Administrator", "outer")
        assert doclife.get_doc("Box", "room").title == "The room"
        settings = doclife.get_single("Box Settings")
        assert (settings.prefix, settings.strict) == ("BX", 0)
        assert doclife.get_all("Scheduled Job Type", {"app": "box_app"}, pluck="method") == ["box_app.tasks.count"]
        assert doclife.db.exists("Box", "first")


@ON_SQLITE
def test_the_functions_of_an_app_are_told_when_they_run(make_site, setup):
    site = make_site("site", "box_base", "box_app")
    migrate(site)
    uninstall_app(site, "box_app")
    assert setup.flags == {
        "before_install": {"in_install": "box_app"},
        "after_install": {"in_install": "box_app"},
        "before_migrate": {"in_migrate": True},
        "after_migrate": {"in_migrate": True},
        "before_uninstall": {"in_uninstall": "box_app"},
        "after_uninstall": {"in_uninstall": "box_app"},
    }


@pytest.mark.parametrize("what", ["before_install", "after_install"])
def test_an_installation_that_fails_leaves_nothing(make_site, setup, what):
    site = make_site("site", "box_base")
    before = _tables(site), _columns(site, "tabBox Shelf")
    setup.failing.add(what)

    with pytest.raises(ValueError, match=f"{what} fails"):
        install_app(site, "box_app")

    site = load_site("site", site.sites_dir)
    assert (_tables(site), _columns(site, "tabBox Shelf")) == before
    assert _installed(site) == ["box_base"]
    with site.work():
        assert not doclife.db.exists("Role", "Box Keeper")
        assert doclife.get_all("Scheduled Job Type", {"app": "box_app"}) == []
        assert doclife.get_all("Background Job") == []
    setup.failing.clear()
    site = install_app(site, "box_app")
    assert _installed(site) == ["box_base", "box_app"]
    assert check(site.database.engine, metadata, histories(site)) == []


def test_a_migration_makes_the_fixtures_say_what_the_files_say_and_writes_nothing_else(make_site, setup):
    site = make_site("site", "box_base", "box_app")
    with site.work():
        before = {name: doclife.db.get_value("Box", name, "modified") for name in ("outer", "room", "first")}
    setup.seen.clear()
    migrate(site)
    assert setup.seen == ["before_migrate", "after_migrate"]
    with site.work():
        assert {name: doclife.db.get_value("Box", name, "modified") for name in before} == before
        outer = doclife.get_doc("Box", "outer")
        outer.update({"price": 3, "last_seen": "here", "rows": [{"item": "pen"}]})
        outer.save()
        doclife.delete_doc("Box", "room", force=True)
        doclife.delete_doc("Role", "Box Reader")
        doclife.set_value("Box Settings", "Box Settings", "strict", 1)

    told = []
    migrate(site, report=told.append)

    assert told == ["box_app: 3 fixtures written"]
    with site.work():
        outer = doclife.get_doc("Box", "outer")
        assert (outer.price, outer.last_seen) == (Amount("1.25"), "here")  # what stands in no file stays
        assert [row.item for row in outer.rows] == ["pen", "ink"]
        assert doclife.get_doc("Box", "room").title == "The room"
        assert doclife.db.exists("Role", "Box Reader")
        assert doclife.get_single("Box Settings").strict == 0


def test_uninstalling_says_what_goes_and_takes_it(make_site, setup):
    site = make_site("site", "box_base", "box_app")
    with site.work():
        user = doclife.get_doc({"doctype": "User", "email": "kim@example.com", "first_name": "Kim"})
        user.append("roles", {"role": "Box Owner"})
        user.insert()
        shelf = {"doctype": "Box Shelf", "code": "s", "label": "L", "rows": [{"item": "a"}], "labels": [{"item": "b"}]}
        doclife.get_doc(shelf).insert()
        doclife.get_doc({"doctype": "Box Shelf", "code": "t"}).insert()
    with clock.travel(by=timedelta(days=2)):  # so that what it declares is due
        assert [name for name, _ in tick(site).fired] == ["box_app.tasks.count"]

    goes = removal(site, "box_app")

    assert goes.tables == {"tabBox": 3, "tabBox Settings": 1}
    assert goes.columns == {"tabBox Shelf.label": 1, "tabBox Shelf.boxes": 0}
    assert goes.rows == {"tabBox Row": 3}  # two of the box outer, one in the table field that it has added
    assert goes.roles == ("Box Keeper",)  # Box Reader is another app's too, All is everybody's
    assert (goes.scheduled_jobs, goes.scheduled_logs, goes.queued_jobs, goes.running_jobs) == (1, 1, 2, 0)
    assert BOX_TABLES <= _tables(site)
    setup.seen.clear()
    told = []

    site = uninstall_app(site, "box_app", report=told.append)

    assert setup.seen == [("boxes", 3), "before_uninstall", "after_uninstall"]
    assert told[-1].startswith("uninstalled box_app; restart the workers")
    assert _tables(site).isdisjoint(BOX_TABLES)
    assert _columns(site, "tabBox Shelf")[-1] == "code"
    assert _installed(site) == ["box_base"]
    assert check(site.database.engine, metadata, histories(site)) == []
    with site.work():
        assert [(row.parent, row.item) for row in doclife.get_all("Box Row", fields=["parent", "item"])] == [("s", "a")]
        assert doclife.get_doc("Box Shelf", "s").rows[0].item == "a"
        roles = set(doclife.get_all("Role", pluck="name"))
        assert {"Box Reader", "Box Owner", "All"} <= roles
        assert "Box Keeper" not in roles
        assert doclife.get_all("Scheduled Job Type", {"app": "box_app"}) == []
        assert doclife.get_all("Scheduled Job Log") == []
        assert doclife.get_all("Background Job", fields=["status", "error"]) == [
            {"status": "cancelled", "error": "the app box_app was uninstalled"}
        ] * 2
        with pytest.raises(doclife.UnknownDoctypeError, match="belongs to the app 'box_app', which is not installed"):
            doclife.get_doc("Box", "outer")

    site = install_app(site, "box_app")

    with site.work():
        assert doclife.get_doc("Box Shelf", "s").label is None
        assert doclife.db.count("Box") == 3


@ON_SQLITE
def test_what_a_scheduler_starts_while_an_app_is_uninstalled_goes_with_it(make_site, setup, monkeypatch):
    site = make_site("site", "box_base", "box_app")
    remove = removing.remove

    def tick_meanwhile(*given):
        with clock.travel(by=timedelta(days=2)):
            assert len(tick(site).fired) == 1
        remove(*given)

    monkeypatch.setattr(removing, "remove", tick_meanwhile)
    site = uninstall_app(site, "box_app")
    with site.work():
        assert doclife.get_all("Background Job", {"method": "box_app.tasks.count"}, pluck="status") == ["cancelled"] * 2
        assert doclife.get_all("Scheduled Job Log") == []


@ON_SQLITE
def test_a_role_that_somebody_has_stays_and_is_told(make_site, setup):
    site = make_site("site", "box_base", "box_app")
    with site.work():
        doclife.get_doc("User", "Administrator").add_roles("Box Keeper")
    told = []
    site = uninstall_app(site, "box_app", report=told.append)
    assert told[0].startswith("the role Box Keeper stays: ")
    with site.work():
        assert doclife.db.exists("Role", "Box Keeper")


@ON_SQLITE
def test_what_others_require_stays(make_site, setup):
    site = make_site("site", "box_base", "box_app")
    with pytest.raises(ConfigError, match="app 'box_base' is required by 'box_app' on site; uninstall it first"):
        uninstall_app(site, "box_base")
    with pytest.raises(AppNotInstalledError, match="app 'ext_shop' is not installed on site; installed: box_base, box_app"):
        uninstall_app(site, "ext_shop")
    site = uninstall_app(uninstall_app(site, "box_app"), "box_base")
    assert not [name for name in _tables(site) if name.startswith("tabBox") or "box" in name]
    assert _installed(site) == []


@pytest.mark.parametrize("what", ["before_uninstall", "after_uninstall"])
def test_uninstalling_that_fails_can_be_repeated(make_site, setup, what):
    site = make_site("site", "box_base", "box_app")
    setup.failing.add(what)
    with pytest.raises(ValueError, match=f"{what} fails"):
        uninstall_app(site, "box_app")
    assert _installed(site) == ["box_base", "box_app"]
    assert ("tabBox" in _tables(site)) == (what == "before_uninstall")
    setup.failing.clear()
    setup.seen.clear()

    site = uninstall_app(load_site("site", site.sites_dir), "box_app")

    # the documents that before_uninstall would look at are gone after the second failure
    assert ("before_uninstall" in setup.seen) == (what == "before_uninstall")
    assert _installed(site) == ["box_base"]
    assert _tables(site).isdisjoint(BOX_TABLES)


@pytest.mark.parametrize("place", ["beginning", "end"])
def test_a_revision_that_cannot_be_undone_does_not_keep_the_tables(make_site, setup, apps, place):
    site = make_site("site", "box_base", "box_app")
    [revision] = (apps / "box_app" / "migrations").glob("0001*.py")
    text = revision.read_text()
    try:
        failing = "    raise LookupError('no')\n"
        head = "def downgrade() -> None:\n"
        # at its end MariaDB has dropped everything already, and nothing on the others
        revision.write_text(text.replace(head, head + failing) if place == "beginning" else text + failing)
        told = []
        site = uninstall_app(site, "box_app", report=told.append)
    finally:
        revision.write_text(text)
    assert "box_app_0001" in told[0]
    assert told[0].endswith("; the tables are dropped as they are")
    assert _tables(site).isdisjoint(BOX_TABLES)
    assert _columns(site, "tabBox Shelf")[-1] == "code"
    assert check(site.database.engine, metadata, histories(site)) == []
    install_app(site, "box_app")


def test_a_revision_that_fails_in_the_middle_of_an_installation_leaves_nothing(make_site, setup, apps):
    site = make_site("site", "box_base")
    [revision] = (apps / "box_app" / "migrations").glob("0001*.py")
    text = revision.read_text()
    try:
        revision.write_text(text.replace("\n\n\ndef downgrade", "\n    raise LookupError('no')\n\n\ndef downgrade"))
        with pytest.raises(MigrationError, match="box_app_0001"):
            install_app(site, "box_app")
    finally:
        revision.write_text(text)
    site = load_site("site", site.sites_dir)
    assert _tables(site).isdisjoint(BOX_TABLES)
    assert _columns(site, "tabBox Shelf")[-1] == "code"
    install_app(site, "box_app")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{"doctype": "Boxx", "name": "a"}], "entry 1: no document type 'Boxx'. Did you mean 'Box'?"),
        ([{"doctype": "Box", "name": "a", "titel": 1}], "entry 1 (Box 'a'): Box has no field 'titel'. Did you mean 'title'?"),
        ([{"doctype": "Box", "code": "a"}, {"doctype": "Box"}], "entry 2: a fixture needs the 'name' of its document"),
        (["Box"], "entry 1: a fixture is an object with a 'doctype' and a 'name'"),
        ([{"doctype": "Box", "name": "a"}], "entry 1 (Box 'a'): "),
        ([{"doctype": "Box", "code": "a", "inside": "b"}], "entry 1 (Box 'a'): inside: there is no Box 'b'"),
        ([{"doctype": "Box", "code": "a", "price": "much"}], "entry 1 (Box 'a'): "),
        ([{"doctype": "Box", "code": "a", "secret": "x"}], "entry 1 (Box 'a'): secret is a password"),
        ([{"doctype": "Box", "code": "a", "rows": [{"itm": 1}]}], "Box Row has no field 'itm'. Did you mean 'item'?"),
        ([{"doctype": "Box", "code": "a", "rows": "x"}], "entry 1 (Box 'a'): rows holds rows: a list of objects"),
        ([{"doctype": "Box Row", "name": "a"}], "entry 1 (Box Row 'a'): rows are fixtures of the document"),
    ],
)
@ON_SQLITE
def test_a_fixture_that_cannot_be_used_names_file_and_entry(make_site, setup, apps, entries, message):
    site = make_site("site", "box_base", "box_app")
    path = apps / "box_app" / "fixtures" / "zz.json"
    path.write_text(json.dumps([*entries, {"doctype": "Box", "code": "never"}]))
    try:
        with pytest.raises(ConfigError) as caught:
            migrate(site)
    finally:
        path.unlink()
    assert f"{path}: " in str(caught.value)
    assert message in str(caught.value)
    with site.work():
        assert not doclife.db.exists("Box", "never")


@pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
def test_what_is_exported_is_what_is_loaded(make_site, setup, apps, backend):
    # an amount of more digits than a number of JSON is sure to keep is text there
    price, in_file = ("12.5", 12.5) if backend == "sqlite" else ("123456789012345.678901",) * 2
    folder = apps / "box_app" / "fixtures"
    before = {path: path.read_text() for path in folder.glob("*.json")}
    site = make_site("site", "box_base", "box_app", "box_more")
    with site.work():
        doclife.get_doc({"doctype": "Box", "code": "private"}).insert()
        box = {"doctype": "Box", "code": "big", "price": price, "secret": "x", "last_seen": "y", "colour": "red"}
        doclife.get_doc({**box, "rows": [{"item": "b"}, {"item": "a"}]}).insert()
        doclife.delete_doc("Box", "first")
    try:
        with site.work():
            written = export_fixtures(site, "box_app")
            texts = {path: path.read_text() for path in folder.glob("*.json")}
            assert export_fixtures(site, "box_app") == written
            assert {path: path.read_text() for path in folder.glob("*.json")} == texts
        assert {path.name: count for path, count in written.items()} == {
            "role.json": 3,
            "box.json": 3,
            "box_settings.json": 1,
        }
        assert texts[folder / "box_settings.json"] == (
            '[\n {\n  "doctype": "Box Settings",\n  "name": "Box Settings",\n  "prefix": "BX",\n  "strict": 0\n }\n]\n'
        )
        boxes = json.loads(texts[folder / "box.json"])
        assert [box["name"] for box in boxes] == ["big", "outer", "room"]
        assert boxes[0] == {
            "code": "big",
            "doctype": "Box",
            "inside": None,
            "name": "big",
            "packed_on": None,
            "price": in_file,
            "rows": [{"item": "b"}, {"item": "a"}],
            "title": "big",
        }
        told = []
        migrate(site, report=told.append)
        assert told == []
        site = uninstall_app(uninstall_app(site, "box_more"), "box_app")
        site = install_app(site, "box_app")
        with site.work():
            big = doclife.get_doc("Box", "big")
            assert (big.price, [row.item for row in big.rows]) == (Amount(price), ["b", "a"])
    finally:
        for path, text in before.items():
            path.write_text(text)


@ON_SQLITE
def test_an_app_without_fixtures_exports_none(make_site):
    site = make_site("site", "box_base")
    with site.work(), pytest.raises(ConfigError, match="app 'box_base' names no fixtures"):
        export_fixtures(site, "box_base")


@pytest.mark.redis
@ON_SQLITE
def test_a_site_that_is_dropped_leaves_no_key_on_the_broker(make_site, setup):
    url, name = server_url("redis"), f"t{uuid7().hex[-12:]}"
    site = make_site(name, "box_base", "box_app", redis_url=url)
    with Redis.from_url(url, decode_responses=True) as client:
        # the job of after_install was released when the installation was committed
        assert f"rq:queue:{name}:short" in client.smembers("rq:queues")
        told = []
        drop_site(site, report=told.append)
        assert [key for key in client.scan_iter(match=f"*{name}*")] == []
        assert not [queue for queue in client.smembers("rq:queues") if name in queue]
    assert told == []
    assert not site.folder.exists()
