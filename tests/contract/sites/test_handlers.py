"""Several sites in one process: whose apps they have, their handlers run, and nobody else's."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

import doclife
from doclife.cli.main import cli
from doclife.model.explain import explain

pytestmark = pytest.mark.slow_on_servers

FILES = {
    "hnd_shop/__init__.py": "",
    "hnd_shop/hooks.py": """
app_name = "hnd_shop"
custom_events = ["on_packed"]
doc_events = {"Hnd Order": {"validate": "hnd_shop.events.ordered"}, "*": {"on_update": "hnd_shop.events.anything"}}
""",
    "hnd_shop/doctypes/__init__.py": "",
    "hnd_shop/doctypes/order.py": """
from doclife import Document
from doclife.fields import Data


class HndOrder(Document):
    code = Data()

    def validate(self):
        self.flags.ran = ["controller"]
""",
    "hnd_shop/events.py": """
def ordered(doc):
    doc.flags.ran.append("shop ordered")


def anything(doc):
    if doc.doctype == "Hnd Order":
        doc.flags.ran.append("shop anything")


def packed(doc):
    return {"packed by": "shop"}
""",
    "hnd_audit/__init__.py": "",
    "hnd_audit/hooks.py": """
app_name = "hnd_audit"
required_apps = ["hnd_shop"]
doc_events = {"Hnd Order": {"validate": ["hnd_audit.events.checked"], "on_packed": "hnd_audit.events.packed"}}
""",
    "hnd_audit/events.py": """
import doclife


def checked(doc, method):
    doc.flags.ran.append(f"audit checked on {doclife.local.site}")


@doclife.on("Hnd Order", "on_update")
def recorded(doc):
    doc.flags.ran.append("audit recorded")


def packed(doc, method, by):
    return {"checked by": by}
""",
}

PLAIN = ["controller", "shop ordered", "shop anything"]


def _audited(site):
    return ["controller", "shop ordered", f"audit checked on {site}", "audit recorded", "shop anything"]


@pytest.fixture(scope="module", autouse=True)
def handler_apps(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("handler_apps")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip("\n"), encoding="utf-8")
    sys.path.insert(0, str(folder))
    done = CliRunner().invoke(cli, ["makemigrations", "hnd_shop", "-m", "initial"])
    assert done.exit_code == 0, done.output
    yield
    sys.path.remove(str(folder))


def _insert(code="a"):
    return doclife.get_doc({"doctype": "Hnd Order", "code": code}).insert().flags.ran


def test_each_site_runs_the_handlers_of_its_apps(make_site):
    plain = make_site("plain", "hnd_shop")
    with plain.work():
        audited = make_site("audited", "hnd_shop", "hnd_audit")  # its modules are imported in work on another site
        assert _insert() == PLAIN
    with audited.work():
        assert _insert() == _audited("audited")
        assert [len(chain.reactions) for chain in explain("Hnd Order", "on_update")] == [2]
    with plain.work():
        assert _insert() == PLAIN
        assert [len(chain.reactions) for chain in explain("Hnd Order", "on_update")] == [1]


def test_events_of_an_apps_own_are_known_where_it_is_installed(make_site):
    plain, audited = make_site("plain", "hnd_shop"), make_site("audited", "hnd_shop", "hnd_audit")
    with audited.work():
        order = doclife.get_doc({"doctype": "Hnd Order"})
        assert order.run_method("on_packed", by="Ada") == {"checked by": "Ada"}
    with plain.work():
        assert doclife.get_doc({"doctype": "Hnd Order"}).run_method("on_packed", by="Ada") is None


def test_sites_in_threads_do_not_see_each_others_handlers(make_site):
    sites = [make_site("plain", "hnd_shop"), *(make_site(name, "hnd_shop", "hnd_audit") for name in ("one", "two"))]
    start, failures = threading.Barrier(8), []
    ran: dict[str, list[list[str]]] = {site.name: [] for site in sites}
    finished = threading.Event()

    def noticing(doc):
        doc.flags.ran.append("only on one")

    def work(site):
        start.wait()
        for n in range(15):
            with site.work():
                ran[site.name].append(_insert(str(n)))

    def connect_and_disconnect():
        start.wait()
        while not finished.is_set():
            with sites[1].work(), doclife.events.connected("Hnd Order", "validate", noticing):
                pass

    def trace_it():
        start.wait()
        while not finished.is_set():
            with sites[2].work() as context, doclife.trace() as seen:
                ran["two"].append(_insert("traced"))
                context.unit.rollback()
            assert "audit recorded" in ran["two"][-1]
            assert [each.handler for each in seen.spans if each.handler.startswith("hnd_audit")] == [
                "hnd_audit.events.checked",
                "hnd_audit.events.recorded",
            ]

    def guarded(function, *args):
        try:
            function(*args)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=guarded, args=(work, site)) for site in sites for _ in range(2)]
    others = [threading.Thread(target=guarded, args=(each,)) for each in (connect_and_disconnect, trace_it)]
    for thread in [*workers, *others]:
        thread.start()
    for thread in workers:
        thread.join()
    finished.set()
    for thread in others:
        thread.join()
    assert failures == []
    assert ran["plain"] == [PLAIN] * 30
    assert set(map(tuple, ran["two"])) == {tuple(_audited("two"))}
    expected = _audited("one")
    late = [*expected[:3], "only on one", *expected[3:]]
    assert len(ran["one"]) == 30
    assert {tuple(each) for each in ran["one"]} <= {tuple(expected), tuple(late)}
