"""Several sites in one process: each has its database, time zone, settings and apps, also nested and in threads."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import datetime

import pytest

import doclife
from doclife.core import config
from doclife.core.context import current_or_none
from doclife.site.load import forget_site, load_site
from doclife.site.setup import new_site
from doclife.testing import travel_to
from doclife.utils import get_datetime, now_datetime, today
from tests.contract.databases import fresh_database

pytestmark = pytest.mark.slow_on_servers

#: a moment that is another day in each of the zones but one
MOMENT = "2026-03-01T03:30:00+00:00"
SITES = {
    "here": ("sqlite", "UTC", datetime(2026, 3, 1, 3, 30)),
    "east": ("postgres", "Pacific/Auckland", datetime(2026, 3, 1, 16, 30)),
    "west": ("mariadb", "America/New_York", datetime(2026, 2, 28, 22, 30)),
}


@pytest.fixture
def sites(apps, tmp_path):
    """Three sites on three databases in three time zones, the last with one more app."""
    folder = tmp_path / "sites"
    with ExitStack() as stack:
        for name, (backend, zone, _) in SITES.items():
            (tmp_path / name).mkdir()
            url = stack.enter_context(fresh_database(backend, tmp_path / name))
            site = new_site(name, folder, db_url=url, apps=["ext_shop", *(["ext_loyalty"] if name == "west" else [])])
            forget_site(site)
            config.write_site_config(folder, name, {"time_zone": zone, "queue": "memory", "strict": name != "here"})
        yield folder
        for name in SITES:
            forget_site(load_site(name, folder))


def _connect(sites, name, **options):
    return doclife.connect(name, sites_dir=sites, **options)


def test_each_has_its_own_time_and_rows(sites):
    with travel_to(MOMENT):
        for name, (_, _, local) in SITES.items():
            with _connect(sites, name):
                order = doclife.get_doc({"doctype": "Ext Order", "code": name}).insert()
                assert order.creation == local
                assert (now_datetime(), today()) == (local, local.date().isoformat())
    for name, (_, _, local) in SITES.items():
        with _connect(sites, name):
            assert doclife.get_all("Ext Order", fields=["name", "creation"]) == [{"name": name, "creation": local}]


def test_contexts_nest_and_end_apart(sites):
    with travel_to(MOMENT), pytest.raises(ZeroDivisionError), _connect(sites, "here"):
        doclife.get_doc({"doctype": "Ext Order", "code": "outer"}).insert()
        with _connect(sites, "west", user="Guest") as inner:
            assert (inner.site.name, doclife.session.user) == ("west", "Guest")
            order = doclife.get_doc({"doctype": "Ext Order", "code": "inner", "total": 40})
            assert order.insert(ignore_permissions=True).points == 4
            with _connect(sites, "here"):  # in a transaction of its own
                assert not doclife.db.exists("Ext Order", "outer")
        assert doclife.session.user == "Administrator"
        assert get_datetime(now_datetime()) == SITES["here"][2]
        assert doclife.db.exists("Ext Order", "outer")
        assert not hasattr(doclife.get_doc("Ext Order", "outer"), "points")
        1 / 0  # noqa: B018
    assert current_or_none() is None
    with _connect(sites, "here"):
        assert doclife.db.count("Ext Order") == 0
    with _connect(sites, "west"):
        assert doclife.get_all("Ext Order", pluck="name") == ["inner"]


def test_a_handler_that_is_connected_inside_a_context_is_of_its_site(sites):
    seen = []
    with _connect(sites, "here"), doclife.events.connected("Ext Order", "after_insert", lambda doc: seen.append(doc.name)):
        doclife.get_doc({"doctype": "Ext Order", "code": "one"}).insert()
        with _connect(sites, "east"):
            doclife.get_doc({"doctype": "Ext Order", "code": "two"}).insert()
    assert seen == ["one"]


def test_settings_are_those_of_the_site_of_the_moment(sites):
    with _connect(sites, "here"):
        assert doclife.conf.strict is False
        with _connect(sites, "west"):
            assert (doclife.conf.strict, doclife.conf.time_zone) == (True, "America/New_York")
        assert doclife.conf.time_zone == "UTC"


def test_threads_each_work_on_their_own(sites):
    start, seen, failures = threading.Barrier(6), [], []

    def work(name, number):
        try:
            start.wait(30)
            for n in range(8):
                with _connect(sites, name):
                    order = doclife.get_doc({"doctype": "Ext Order", "code": f"{number}-{n}", "total": 10}).insert()
                    doclife.enqueue("ext_shop.doctypes.order.ExtOrder", order=order.name)
                    seen.append((name, hasattr(order, "points"), order.creation))
        except Exception as error:
            failures.append(error)

    with travel_to(MOMENT):
        threads = [threading.Thread(target=work, args=(name, n)) for n in range(2) for name in SITES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(100)

    assert failures == []
    assert set(seen) == {(name, name == "west", local) for name, (_, _, local) in SITES.items()}
    for name in SITES:
        with _connect(sites, name):
            assert doclife.db.count("Ext Order") == 16
            assert doclife.db.count("Background Job") == 16


def test_which_one_is_meant(sites, monkeypatch):
    monkeypatch.setenv("DOCLIFE_SITES_DIR", str(sites))
    monkeypatch.delenv("DOCLIFE_SITE", raising=False)
    with pytest.raises(doclife.UnknownSiteError, match=r"holds 3 sites \(east, here, west\)"), doclife.connect():
        pass
    config.use_site(sites, "east")
    with doclife.connect() as context:
        assert context.site.name == "east"
    monkeypatch.setenv("DOCLIFE_SITE", "west")
    with doclife.connect() as context, doclife.connect("here") as named:
        assert (context.site.name, named.site.name) == ("west", "here")
