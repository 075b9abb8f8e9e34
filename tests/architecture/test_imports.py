"""The import contracts of pyproject.toml hold, and each of them would notice what it forbids."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract

from tests.architecture.project import ROOT

KINDS: dict[str, type[Contract]] = {"layers": LayersContract, "forbidden": ForbiddenContract}


@cache
def _configuration() -> dict[str, Any]:
    return read_configuration(str(ROOT / "pyproject.toml"))


@cache
def _graph() -> grimp.ImportGraph:
    # type-only imports are in it: they obey the floors too
    return grimp.build_graph("doclife", "example_app", include_external_packages=True, cache_dir=None)


def _contract(name: str) -> Contract:
    options = next(found for found in _configuration()["contracts_options"] if found["id"] == name)
    return KINDS[options["type"]](
        name=options["name"], session_options=_configuration()["session_options"], contract_options=options
    )


CONTRACTS = ["app", "broker", "facade", "floors", "terminal"]


def test_these_are_all_contracts() -> None:
    assert sorted(found["id"] for found in _configuration()["contracts_options"]) == CONTRACTS


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_holds(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    contract = _contract(name)
    check = contract.check(graph=copy.deepcopy(_graph()), verbose=False)
    if not check.kept:
        contract.render_broken_contract(check)
    assert check.kept, capsys.readouterr().out


def _graph_with(importer: str, imported: str) -> grimp.ImportGraph:
    graph = copy.deepcopy(_graph())
    for name in {importer, imported} - graph.modules:
        graph.add_module(name, is_squashed="." not in name)  # another library is one module here
    graph.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    return graph


@pytest.mark.parametrize(
    ("name", "importer", "imported"),
    [
        ("floors", "doclife.core.errors", "doclife.database"),
        ("floors", "doclife.core.errors", "doclife.utils"),
        ("floors", "doclife.database.types", "doclife.queue"),
        ("floors", "doclife.schema.meta", "doclife.model.document"),
        ("floors", "doclife.events.names", "doclife.site.runtime"),
        ("floors", "doclife.cli.main", "doclife.fields"),
        ("facade", "doclife.cli.main", "doclife"),
        ("facade", "doclife.core.errors", "doclife"),
        ("broker", "doclife.site.runtime", "redis"),
        ("broker", "doclife.jobs.enqueue", "rq"),
        ("broker", "doclife.queue", "rq"),
        ("broker", "example_app.tasks", "rq"),
        ("terminal", "doclife.site.runtime", "click"),
        ("terminal", "example_app.__main__", "rich"),
        ("app", "example_app.api", "doclife.core.errors"),
        ("app", "example_app.api", "sqlalchemy"),
        ("app", "example_app.migrations.env", "doclife.core.errors"),
    ],
)
def test_a_contract_notices(name: str, importer: str, imported: str) -> None:
    assert not _contract(name).check(graph=_graph_with(importer, imported), verbose=False).kept


def test_a_package_without_a_floor_is_noticed() -> None:
    assert not _contract("floors").check(graph=_graph_with("doclife.attic", "doclife.core"), verbose=False).kept


@pytest.mark.parametrize(
    ("name", "importer", "imported"),
    [
        ("floors", "doclife.model.document", "doclife.core"),
        ("floors", "doclife.fields", "doclife.model.document"),
        ("app", "example_app.api", "doclife"),
        ("app", "example_app.api", "doclife.utils"),
        ("app", "example_app.migrations.versions", "alembic"),
        ("broker", "doclife.worker.pool", "rq"),
        ("terminal", "doclife.cli.main", "click"),
    ],
)
def test_what_is_allowed_passes(name: str, importer: str, imported: str) -> None:
    assert _contract(name).check(graph=_graph_with(importer, imported), verbose=False).kept
