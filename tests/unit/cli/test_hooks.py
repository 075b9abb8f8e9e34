"""hooks list and explain; explain tells what a real submit does."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from doclife.events.trace import trace
from doclife.model.access import get_doc
from doclife.model.explain import explain
from doclife.model.lifecycle import LIFECYCLE
from doclife.site.load import load_site
from tests.unit.cli.project import CHECKOUT


def test_the_handlers_of_all_apps_event_by_event(project):
    rows = json.loads(project.ok("hooks", "list", "--json"))
    assert [(row["event"], row["doctype"], row["handler"]) for row in rows if row["app"] != "doclife"] == [
        ("validate", "Cli Outlet", "cli_outlets.events.first"),
        ("on_submit", "Cli Outlet", "cli_outlets.events.first"),
        ("on_submit", "Cli Outlet", "cli_outlets.events.second"),
        ("on_submit", "Cli Outlet", "cli_royalties.events.book"),
        ("on_submit", "Cli Outlets", "cli_royalties.events.book"),
        ("on_submit", "*", "cli_outlets.events.everywhere"),
        ("on_submit", "*", "cli_royalties.events.note"),
    ]
    assert ("on_change", "* with track_changes", "doclife.doctypes.version.record") in [
        (row["event"], row["doctype"], row["handler"]) for row in rows
    ]
    (first,) = [row for row in rows if row["event"] == "validate" and row["doctype"] == "Cli Outlet"]
    assert first["where"] == f"{project.folder}/cli_outlets/events.py:1"
    mine = json.loads(project.ok("hooks", "list", "--app", "cli_royalties", "--json"))
    assert {row["app"] for row in mine} == {"cli_royalties"}


def test_explain_prints_the_chain_with_reasons(project):
    outlet = f"{project.folder}/cli_outlets"
    royalties = f"{project.folder}/cli_royalties"
    assert project.ok("hooks", "explain", "Cli Outlet", "on_submit") == (
        "on_submit  (in insert as submitted, submit)\n"
        "  1. cli_outlets.doctypes.outlet.CliOutlet.on_submit\n"
        f"     cli_outlets, controller, {outlet}/doctypes/outlet.py:14\n"
        "     the controller's own method comes first\n"
        "  2. cli_outlets.events.first\n"
        f"     cli_outlets, Cli Outlet, {outlet}/events.py:1\n"
        "     handlers of Cli Outlet come after the controller, app 1 of 2 in install order\n"
        "  3. cli_outlets.events.second\n"
        f"     cli_outlets, Cli Outlet, {outlet}/events.py:5\n"
        "     handlers of Cli Outlet come after the controller, app 1 of 2 in install order, its declaration 2\n"
        "  4. cli_royalties.events.book\n"
        f"     cli_royalties, Cli Outlet, {royalties}/events.py:1\n"
        "     handlers of Cli Outlet come after the controller, app 2 of 2 in install order\n"
        "  5. cli_outlets.events.everywhere\n"
        f"     cli_outlets, *, {outlet}/events.py:9\n"
        "     handlers of '*' come after those of Cli Outlet, app 1 of 2 in install order\n"
        "  6. cli_royalties.events.note\n"
        f"     cli_royalties, *, {royalties}/events.py:5\n"
        "     handlers of '*' come after those of Cli Outlet, app 2 of 2 in install order\n"
    )


def test_explain_shows_the_place_as_seen_from_the_project(project):
    printed = project.spawn("hooks", "explain", "Cli Outlet", "validate").stdout
    assert "cli_outlets, controller, cli_outlets/doctypes/outlet.py:11" in printed


def test_explain_without_an_event_shows_those_with_a_reaction_in_order(project):
    shown = json.loads(project.ok("hooks", "explain", "Cli Outlet", "--json"))
    assert [chain["event"] for chain in shown] == ["validate", "on_submit", "after_delete", "after_rename"]
    assert [reaction["band"] for reaction in shown[2]["reactions"]] == ["doclife", "doclife"]


def test_an_event_to_which_nothing_reacts(project):
    assert project.ok("hooks", "explain", "Cli Outlet", "on_cancel") == "on_cancel  (in cancel)\n  nothing\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Cli Outlett"], "no document type 'Cli Outlett'. Did you mean 'Cli Outlet'?"),
        (["Cli Outlet", "after_submit"], "no event 'after_submit'. Did you mean 'on_submit'?"),
        (["Cli Outlet", "on_sumbit"], "no event 'on_sumbit'. Did you mean 'on_submit'?"),
    ],
    ids=["doctype", "event of others", "misspelt event"],
)
def test_what_does_not_exist_is_refused_with_the_nearest_name(project, words, message):
    done = project.run("hooks", "explain", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr


def test_explain_says_what_a_submit_does(fresh):
    fresh.ok("new-site", "shop", "--install-app", "cli_outlets", "--install-app", "cli_royalties")
    with load_site("shop", fresh.sites).work():
        doc = get_doc({"doctype": "Cli Outlet", "code": "SJ-1"}).insert()
        with trace() as seen:
            doc.submit()
        ran = [(span.event, span.handler) for span in seen.spans if span.handler]
        chains = {chain.event: [each.path for each in chain.reactions] for chain in explain("Cli Outlet")}
    assert len(ran) == 8
    assert ran == [(event, path) for event in LIFECYCLE["submit"] for path in chains.get(event, ())]


EXTENDING = {
    "cli_more/__init__.py": "",
    "cli_more/hooks.py": """
app_name = "cli_more"
required_apps = ["cli_outlets"]
override_doctype_class = {"Cli Outlet": "cli_more.classes.BetterOutlet"}
extend_doctype_class = {"Cli Outlet": ["cli_more.classes.Loyal"], "Nothing At All": "cli_more.not_there.Mixin"}
""",
    "cli_more/classes.py": """
from cli_outlets.doctypes.outlet import CliOutlet


class BetterOutlet(CliOutlet):
    pass


class Loyal:
    def validate(self):
        super().validate()
""",
}


def test_classes_that_override_and_extend_are_shown(fresh):
    fresh.write(EXTENDING)
    sys.path.insert(0, str(fresh.folder))
    try:
        fresh.ok("new-site", "more", "--install-app", "cli_outlets", "--install-app", "cli_more")
        rows = json.loads(fresh.ok("hooks", "list", "--app", "cli_more", "--json"))
        printed = fresh.ok("hooks", "explain", "Cli Outlet", "validate")
    finally:
        sys.path.remove(str(fresh.folder))
    here = f"{fresh.folder}/cli_more/classes.py"
    assert [(row["event"], row["doctype"], row["handler"], row["where"]) for row in rows] == [
        ("(override)", "Cli Outlet", "cli_more.classes.BetterOutlet", f"{here}:4"),
        ("(extend)", "Cli Outlet", "cli_more.classes.Loyal", f"{here}:8"),
    ]
    lines = printed.splitlines()
    assert lines[0] == "Cli Outlet is made of these classes; a method is that of the first which has it:"
    assert [line.split()[0] for line in lines[1:4]] == [
        "cli_more.classes.Loyal",
        "cli_more.classes.BetterOutlet",
        "cli_outlets.doctypes.outlet.CliOutlet",
    ]
    assert [line.strip() for line in lines if line.startswith("  1.") or line.startswith("  2.")] == [
        "1. cli_more.classes.Loyal.validate",
        "2. cli_outlets.doctypes.outlet.CliOutlet.validate",
    ]
    assert f"     cli_more, controller, {here}:9" in lines


GUARDING = {
    "cli_guard/__init__.py": "",
    "cli_guard/hooks.py": """
app_name = "cli_guard"
required_apps = ["cli_outlets"]
has_permission = {"*": "cli_guard.rules.may", "Cli Outlet": "cli_guard.rules.may_outlet"}
permission_query_conditions = {("Cli Outlet", "User"): "cli_guard.rules.seen", "Cli Outlets": "cli_guard.rules.seen"}
""",
    "cli_guard/rules.py": """
def may(doc):
    return True


def may_outlet(doc, ptype):
    return True


def seen(user):
    return {"owner": user}
""",
}


def test_what_is_asked_about_permissions_is_shown(fresh):
    fresh.write(GUARDING)
    sys.path.insert(0, str(fresh.folder))
    try:
        fresh.ok("new-site", "guarded", "--install-app", "cli_outlets", "--install-app", "cli_guard")
        rows = json.loads(fresh.ok("hooks", "list", "--app", "cli_guard", "--json"))
        everything = fresh.ok("hooks", "explain", "Cli Outlet")
        one_event = fresh.ok("hooks", "explain", "Cli Outlet", "validate")
        checked = json.loads(fresh.ok("check", "--json"))
        fresh.write({"cli_guard/hooks.py": 'has_permission = {"User": "cli_guard.rules.my"}'})
        paths = (CHECKOUT, fresh.folder, Path(sys.modules["cli_outlets"].__file__ or "").parents[1])
        broken = fresh.spawn("check", env={"PYTHONPATH": os.pathsep.join(map(str, paths))})
    finally:
        sys.path.remove(str(fresh.folder))
    here = f"{fresh.folder}/cli_guard/rules.py"
    assert [(row["event"], row["doctype"], row["handler"], row["where"]) for row in rows] == [
        ("(has_permission)", "*", "cli_guard.rules.may", f"{here}:1"),
        ("(has_permission)", "Cli Outlet", "cli_guard.rules.may_outlet", f"{here}:5"),
        ("(permission_query_conditions)", "Cli Outlet", "cli_guard.rules.seen", f"{here}:9"),
        ("(permission_query_conditions)", "User", "cli_guard.rules.seen", f"{here}:9"),
        ("(permission_query_conditions)", "Cli Outlets", "cli_guard.rules.seen", f"{here}:9"),
    ]
    assert everything.endswith(
        "\nhas_permission  (single documents; one that is false denies)\n"
        "  1. cli_guard.rules.may_outlet\n"
        f"     cli_guard, Cli Outlet, {here}:5\n"
        "  2. cli_guard.rules.may\n"
        f"     cli_guard, *, {here}:1\n"
        "\npermission_query_conditions  (lists and single documents; all must hold)\n"
        "  1. cli_guard.rules.seen\n"
        f"     cli_guard, Cli Outlet, {here}:9\n"
    )
    assert "has_permission" not in one_event
    assert checked["warnings"] == [
        "cli_guard: permission_query_conditions names the document type 'Cli Outlets', which no installed app has. "
        "Did you mean 'Cli Outlet'?"
    ]
    assert broken.returncode == 1
    assert (
        "problem: cli_guard: has_permission['User']: the module cli_guard.rules has no 'my'. Did you mean 'may'?"
        in broken.stdout
    )
