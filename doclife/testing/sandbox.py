"""Sandboxes: the site of one test, inside a transaction that nobody commits, or in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable, ExecutableDDLElement

from doclife.core import config
from doclife.core.context import ADMINISTRATOR, Context, activate
from doclife.core.errors import HookError
from doclife.database.engine import begin_write
from doclife.database.link import Database
from doclife.events.hooks import AppHooks
from doclife.events.registry import Registry
from doclife.permissions.hooks import hooks_of
from doclife.schema import registry as schema_registry
from doclife.site.classes import EXTEND, OVERRIDE, site_classes
from doclife.site.load import forget_site, load_site
from doclife.site.runtime import Site
from doclife.testing.templates import SITE_NAME, Template


class SandboxSite(Site):
    """The site of one test: it can be given document classes and hooks that no app declares."""

    template: Template

    def use(self, *classes: Any) -> None:
        """Makes document classes known to this site and creates their tables where they are missing.

        The classes of their rows come along; those that their links name do not.
        """
        wanted = dict.fromkeys(each for cls in classes for each in (cls, *_row_classes(cls)))
        connection = self.database.outer
        assert connection is not None, "the sandbox is closed"
        tables = [cls.__table__ for cls in wanted]
        if self.template.server:
            _keep_tables(self.template, tables)
        else:
            _create_tables(connection, tables)
        assert isinstance(self.doctypes, dict)
        for cls in wanted:
            self.doctypes[cls.meta.doctype] = cls
        self._declarations_changed()

    def context(self, user: str = ADMINISTRATOR) -> Context:
        """Returns a new context that says that a test is running."""
        made = super().context(user)
        made.flags.in_test = True
        return made

    def use_hooks(self, app: str, values: Mapping[str, Any]) -> None:
        """Adds an app, as if it were installed last and its hooks.py held `values`.

        Raises:
            HookError: it adds fields to a type, for which it would need a revision.
        """
        apps = [*self.apps, AppHooks(app, values, ModuleType(app))]
        if OVERRIDE in values or EXTEND in values:
            declared = {name: schema_registry.declared(name) or cls for name, cls in self.doctypes.items()}
            classes = site_classes(apps, declared).by_doctype
            adding = [name for name, cls in classes.items() if app in cls._blueprint.added_by.values()]
            if adding:
                raise HookError(
                    f"use_hooks: {app} adds fields to {adding[0]!r}, whose table has no such columns; write it as an "
                    "app with a revision, and name it in doclife_apps"
                )
            unchanged = {name: cls for name, cls in self.doctypes.items() if classes.get(name) is declared[name]}
            self.doctypes = classes | unchanged
        self.apps = apps
        self._declarations_changed()

    def _declarations_changed(self) -> None:
        before, self.registry = self.registry, Registry(self.apps, self.doctypes)
        self.registry.take_over(before)
        self.plans.clear()
        self.cache.clear()
        self.registry.warnings += hooks_of(self).warnings


#: tables of test modules are created anew for every test, so their texts are compiled once: by table and dialect
_texts: WeakKeyDictionary[Table, dict[str, list[str]]] = WeakKeyDictionary()


def _create_tables(connection: Connection, tables: Sequence[Table]) -> None:
    """Creates tables where they are missing, in the outer transaction, which takes them back (SQLite)."""
    there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    for table in tables:
        if table.name not in there:
            there.add(table.name)
            _run(connection, _statements(table, connection))


_PATIENCE = {"postgresql": "SET LOCAL lock_timeout = '10s'", "mariadb": "SET lock_wait_timeout = 10"}


def _keep_tables(template: Template, tables: Sequence[Table]) -> None:
    """Creates tables where they are missing or different, outside of the outer transaction; they stay.

    MariaDB would commit the outer transaction, and both servers take longer for a table than for a test.
    """
    made = template.made
    wanted = {table.name: (table, _statements(table, template.engine)) for table in tables}
    missing = {name: both for name, both in wanted.items() if made.get(name) != both[1]}
    if not missing:
        return
    with template.engine.connect() as connection:
        # a table that another connection of the test holds open is an error, not a test that hangs
        connection.exec_driver_sql(_PATIENCE[connection.dialect.name])
        for name, (table, statements) in missing.items():
            if name in made:  # another test's class of the same name
                connection.execute(DropTable(table, if_exists=True))
            _run(connection, statements)
            made[name] = statements
        connection.commit()


def _statements(table: Table, bind: Engine | Connection) -> list[str]:
    texts = _texts.setdefault(table, {})
    found = texts.get(bind.dialect.name)
    if found is None:
        elements: list[ExecutableDDLElement] = [CreateTable(table), *(CreateIndex(index) for index in table.indexes)]
        found = texts[bind.dialect.name] = [str(each.compile(bind)) for each in elements]
    return found


def _run(connection: Connection, texts: Sequence[str]) -> None:
    for text in texts:
        connection.exec_driver_sql(text)


def _row_classes(cls: Any) -> list[Any]:
    names = [field.options for field in cls.meta.get_table_fields()]
    return [found for found in map(schema_registry.declared, names) if found is not None]


@contextmanager
def sandbox(template: Template, settings: Mapping[str, Any]) -> Iterator[SandboxSite]:
    """Opens the site of a template inside an outer transaction, with a context as Administrator.

    Everything that happens in the block is rolled back at its end, whatever was committed in it.
    Document classes that functions declare in the block are forgotten again.
    """
    declared = set(schema_registry.declared_classes())
    site: SandboxSite = template.site(SandboxSite, dict(settings))
    site.template, own = template, site.database
    if template.server:
        site.database = Database(template.engine)
    try:
        with site.database.engine.connect() as connection:
            begin_write(connection)
            site.database.outer = connection
            context = site.context()
            with activate(context):
                try:
                    with _watching(site):
                        yield site
                finally:
                    context.unit.close()
                    connection.rollback()
    finally:
        site.database = own  # the template's engine stays open, with a connection to give to the next test
        site.close()
        for cls in schema_registry.declared_classes():
            if cls not in declared and "<locals>" in cls.__qualname__:
                schema_registry.forget(cls)


def _watching(site: Site) -> AbstractContextManager[None]:
    if site.settings.queue != "inline":
        return nullcontext()
    from doclife.testing.inline import settings_inline  # most tests do without

    return settings_inline(site)


@contextmanager
def copied_site(template: Template, folder: Path, settings: Mapping[str, Any]) -> Iterator[Site]:
    """Copies the site of a template into `folder` and loads the copy as any process would.

    On a server the copy is a site that is made as the template was: MariaDB cannot copy a database.
    """
    if template.server:
        template = Template(folder, template.apps, template.server)
    else:
        shutil.copytree(template.sites_dir, folder, dirs_exist_ok=True)
    try:
        if settings:
            config.write_site_config(folder, SITE_NAME, settings)
        site = load_site(SITE_NAME, folder)
        try:
            yield site
        finally:
            forget_site(site)
    finally:
        if template.sites_dir == folder:
            template.drop()
