"""Lists and documents agree: for any rules, query conditions and documents, whoever asks, on every database.

What a user may see is worked out a third time, in Python, from the same declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doclife.core.context import ADMINISTRATOR, Context, activate
from doclife.core.errors import PermissionDenied
from doclife.core.settings import Settings
from doclife.database.engine import transaction
from doclife.database.link import Database
from doclife.doctypes.user import HasRole, Role, User
from doclife.events.registry import Registry
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.query.db import db
from doclife.query.lists import get_list
from doclife.schema.fieldtypes import Data, Int, Link
from doclife.schema.meta import Meta, Permission
from doclife.schema.tables import lease, metadata
from doclife.testing import as_user
from doclife.uow.unit import UnitOfWork
from tests.contract.databases import BACKENDS, fresh_engine
from tests.unit.permissions import declared
from tests.unit.query.kit import store

pytestmark = pytest.mark.slow_on_servers


class SightTeam(Document):
    meta = Meta(permissions=[Permission("All", read=True)])

    city = Data()


class SightCase(Document):
    meta = Meta(title_field="city")

    city = Data()
    amount = Int()
    team = Link("Sight Team")


CASE = "Sight Case"
CLASSES: list[Any] = [SightTeam, SightCase, User, Role, HasRole]
MARKED = [name if name == "sqlite" else pytest.param(name, marks=getattr(pytest.mark, name)) for name in BACKENDS]


@pytest.fixture(scope="module", params=MARKED)
def context(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder: Path = tmp_path_factory.mktemp("sight")
    with fresh_engine(request.param, folder) as engine:
        metadata.create_all(engine, [lease, *(cls.__table__ for cls in CLASSES)])
        doctypes = {cls.meta.doctype: cls for cls in CLASSES}
        site = SimpleNamespace(
            name="sight.test",
            settings=Settings(),
            doctypes=doctypes,
            registry=Registry([declared.app(declared.ALL_OF_IT)], doctypes),
            plans={},
            cache={},
        )
        made = Context(site)
        made.unit = UnitOfWork(Database(engine), strict=True)
        with activate(made):
            yield made
            made.unit.close()


# -- what is generated -----------------------------------------------------------------------------

ROLES = ["Red", "Green"]
USERS = ["ana", "ben", "cleo"]
CITIES = ["Pune", "Goa", "Ünna 100%"]
TEAMS = {"North": "Pune", "South": "Goa", "Lost": None}
RIGHTS = ["select", "read", "write"]


@dataclass
class Case:
    name: str
    owner: str | None
    city: str | None
    amount: int
    team: str | None


Holds = Callable[[Case, str], bool]


@dataclass
class Said:
    """What a hook says: a function of the user, and what it means."""

    say: Callable[[str], Any]
    holds: Holds
    shown: str

    def __repr__(self) -> str:
        return self.shown


def _equal(field: str, value: Any) -> list[Said]:
    """Returns the forms in which it can be said that a field has a value; NULL is no value."""

    def holds(case: Case, user: str) -> bool:
        return bool(getattr(case, field) == (user if value is None else value))

    def wanted(user: str) -> Any:
        return user if value is None else value

    column = getattr(SightCase, field)
    written = f"`tab{CASE}`.`{field}`"
    return [
        Said(lambda user: {field: wanted(user)}, holds, f"filters {field}={value}"),
        Said(lambda user: [[field, "=", wanted(user)]], holds, f"list {field}={value}"),
        Said(lambda user: column == wanted(user), holds, f"expression {field}={value}"),
        Said(lambda user: f"{written} = {_written(wanted(user))}", holds, f"sql {field}={value}"),
        Said(lambda user: f"{field} = {_written(wanted(user))}", holds, f"bare sql {field}={value}"),
    ]


def _written(value: Any) -> str:
    return str(value) if isinstance(value, int) else db.escape(value)


def _of_team(city: str) -> list[Said]:
    def holds(case: Case, user: str) -> bool:
        return case.team is not None and TEAMS[case.team] == city

    return [
        Said(lambda user: {"team.city": city}, holds, f"filters team.city={city}"),
        Said(
            lambda user: f"team in (select name from `tabSight Team` where city = {db.escape(city)})",
            holds,
            f"sql team.city={city}",
        ),
    ]


def _more(limit: int) -> list[Said]:
    def holds(case: Case, user: str) -> bool:
        return case.amount > limit

    return [
        Said(lambda user: {"amount": [">", limit]}, holds, f"filters amount>{limit}"),
        Said(lambda user: f"amount > {limit}", holds, f"sql amount>{limit}"),
    ]


EVERY_ATOM = [
    *_equal("owner", None),
    *(said for city in CITIES for said in _equal("city", city)),
    *(said for city in ("Pune", "Goa") for said in _of_team(city)),
    *(said for limit in range(3) for said in _more(limit)),
]
ATOMS = st.sampled_from(EVERY_ATOM)
WRITTEN_ATOMS = st.sampled_from([said for said in EVERY_ATOM if "sql" in said.shown])


def _either(pair: tuple[Said, Said]) -> Said:
    a, b = pair
    return Said(
        lambda user: f"{a.say(user)} or {b.say(user)}",
        lambda case, user: a.holds(case, user) or b.holds(case, user),
        f"({a} or {b})",
    )


def _not_city(city: str) -> Said:
    """Is true of an empty city as a filter; SQL says nothing of NULL, which is not true."""
    return Said(lambda user: {"city": ["!=", city]}, lambda case, user: case.city != city, f"filters city!={city}")


def _not_city_written(city: str) -> Said:
    def holds(case: Case, user: str) -> bool:
        return case.city is not None and case.city != city

    return Said(lambda user: f"city <> {db.escape(city)}", holds, f"sql city<>{city}")


NOTHING = Said(lambda user: None, lambda case, user: True, "nothing")
EMPTY_LIST = Said(lambda user: {"name": ["in", []]}, lambda case, user: False, "no name")
CONDITIONS = st.one_of(
    st.just(NOTHING),
    ATOMS,
    st.tuples(WRITTEN_ATOMS, WRITTEN_ATOMS).map(_either),
    st.sampled_from(CITIES).map(_not_city),
    st.sampled_from(CITIES).map(_not_city_written),
    st.just(EMPTY_LIST),
)


@dataclass
class World:
    rules: list[Permission]
    roles: dict[str, set[str]]
    disabled_users: set[str]
    disabled_roles: set[str]
    conditions: tuple[Said, Said]
    cases: list[Case]

    def users(self) -> list[str]:
        return [*USERS, "nobody", ADMINISTRATOR]

    def allows(self, right: str, case: Case, user: str) -> bool:
        """Tells whether a user may do something with a document, by what design 9 says."""
        if not all(said.holds(case, user) for said in self.conditions):
            return False
        return user == ADMINISTRATOR or self.gives(right, user, case.owner == user)

    def gives(self, right: str, user: str, own: bool) -> bool:
        if user not in self.roles or user in self.disabled_users:
            return False
        mine = (self.roles[user] - self.disabled_roles) | {"All", "Guest"}
        rights = ("select", "read") if right == "select" else (right,)
        return any(
            rule.role in mine and any(getattr(rule, each) for each in rights) and (own or not rule.if_owner)
            for rule in self.rules
        )


RULES = st.builds(
    lambda role, rights, if_owner: Permission(role, if_owner=if_owner, **dict.fromkeys(rights, True)),
    st.sampled_from(["Red", "Red", "Green", "All"]),
    st.sampled_from([{"select"}, {"read"}, {"write"}, {"read", "write"}, {"select", "write"}]),
    st.booleans(),
)
OWNERS = [*USERS, "nobody", ADMINISTRATOR, None]
WORLDS = st.builds(
    World,
    rules=st.lists(RULES, min_size=1, max_size=4),
    roles=st.fixed_dictionaries(
        {user: st.sampled_from([set(), {"Red"}, {"Green"}, {"Red", "Green"}]) for user in USERS}
    ),
    disabled_users=st.sets(st.sampled_from(USERS), max_size=1),
    disabled_roles=st.sampled_from([set(), set(), {"Red"}, {"Green"}]),
    conditions=st.tuples(CONDITIONS, st.just(NOTHING) | CONDITIONS),
    cases=st.lists(
        st.builds(
            Case,
            name=st.text("ABCDEFGH", min_size=2, max_size=3),
            owner=st.sampled_from(OWNERS),
            city=st.sampled_from([*CITIES, None]),
            amount=st.integers(0, 3),
            team=st.sampled_from([*TEAMS, None]),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda case: case.name,
    ),
)


def build(context: Context, world: World) -> None:
    """Makes the world true."""
    context.unit.rollback()
    with transaction(context.unit.database.engine) as connection:
        for cls in CLASSES:
            connection.execute(sa.delete(cls.__table__))
    store(context, SightTeam, *({"name": name, "city": city} for name, city in TEAMS.items()))
    store(context, SightCase, *(vars(case) for case in world.cases))
    store(
        context,
        Role,
        *({"name": role, "role_name": role, "disabled": int(role in world.disabled_roles)} for role in ROLES),
    )
    enabled = ({"name": user, "email": user, "enabled": int(user not in world.disabled_users)} for user in USERS)
    store(context, User, *enabled)
    given_roles = [(user, role) for user in USERS for role in sorted(world.roles[user])]
    rows = (
        {"name": f"{user}-{role}", "parent": user, "parenttype": "User", "role": role} for user, role in given_roles
    )
    store(context, HasRole, *rows)
    SightCase.meta.permissions = world.rules
    declared.forget()
    declared.conditions[CASE], declared.further[CASE] = (said.say for said in world.conditions)


def listed(user: str, **more: Any) -> list[str]:
    try:
        return [row.name for row in get_list(CASE, order_by="name", user=user, **more)]
    except PermissionDenied:
        return []


TRIED = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@TRIED
@given(world=WORLDS)
def test_lists_and_documents_agree(context, world):
    build(context, world)
    documents = {case.name: get_doc(CASE, case.name) for case in world.cases}
    for user in world.users():
        for right in RIGHTS:
            expected = sorted(case.name for case in world.cases if world.allows(right, case, user))
            permitted = [name for name in sorted(documents) if documents[name].has_permission(right, user)]
            assert permitted == expected, (user, right)
        by_select = sorted(case.name for case in world.cases if world.allows("select", case, user))
        by_read = sorted(case.name for case in world.cases if world.allows("read", case, user))
        reads = user == ADMINISTRATOR or world.gives("read", user, own=True)
        assert listed(user) == by_select, user
        assert listed(user, fields=["name", "amount"]) == (by_read if reads else by_select), user
        assert listed(user, fields=["name", "team.name as team"]) == (by_read if reads else by_select), user
    assert [each.name for each in db.get_all(CASE, order_by="name")] == sorted(documents)


@TRIED
@given(world=WORLDS, city=st.sampled_from([*CITIES, None]), user=st.sampled_from([*USERS, ADMINISTRATOR]))
def test_a_save_is_refused_exactly_where_the_document_is_out_of_sight_before_or_after(context, world, city, user):
    build(context, world)
    case = world.cases[0]
    after = Case(**{**vars(case), "city": city, "amount": 2})
    allowed = world.allows("write", case, user) and world.allows("write", after, user)
    doc = get_doc(CASE, case.name)
    doc.update({"city": city, "amount": 2})
    with as_user(user):
        if allowed:
            doc.save()
        else:
            with pytest.raises(PermissionDenied, match=f"{user} may not write Sight Case {case.name}"):
                doc.save()
    stored = get_doc(CASE, case.name)
    assert (stored.city, stored.amount) == ((after.city, 2) if allowed else (case.city, case.amount))
