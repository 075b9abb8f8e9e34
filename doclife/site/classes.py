"""The document classes of a site: what its apps declare, overridden and extended as their hooks say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from doclife.core.errors import HookError, SchemaError, nearest
from doclife.events.handlers import import_path
from doclife.events.hooks import AppHooks, as_paths
from doclife.model.document import RESERVED
from doclife.schema import registry
from doclife.schema.extend import Extension, extended, fields_of, take_back

OVERRIDE, EXTEND = "override_doctype_class", "extend_doctype_class"


class Classes(NamedTuple):
    """What a site's apps make of their document types."""

    #: the class of each document type
    by_doctype: dict[str, Any]
    #: what is odd but not wrong, for `doclife check`
    warnings: list[str]


def site_classes(apps: Sequence[AppHooks], declared: Mapping[str, Any] | None = None) -> Classes:
    """Returns the classes of a site with these apps; columns that they add to each other's tables join the metadata.

    Of the classes that override a type the last app's wins; it must be a subclass of the one that
    declares the type. Mixins stand before it, the last app's first.

    Args:
        apps: loaded, in install order.
        declared: the classes that declare the site's types; None: those of the apps.
    Raises:
        HookError, SchemaError: an entry cannot be used; the message names app, key and path.
    """
    if declared is None:
        declared = registry.classes_of(app.name for app in apps)
    warnings: list[str] = []
    extensions = _extensions(apps, declared, warnings)
    # what a mixin seemed to declare is gone
    classes = {doctype: cls for doctype, cls in declared.items() if registry.declared(doctype) is not None}
    for app, doctype, path in _entries(apps, OVERRIDE, declared, warnings):
        classes[doctype] = _overriding(declared[doctype], app, doctype, path)
    for doctype, mixins in extensions.items():
        classes[doctype] = extended(classes[doctype], mixins, RESERVED)
    for doctype, cls in classes.items():
        base = registry.declared(doctype)
        if cls is not base:
            base.__new__ = registry.new_of_site
    return Classes(classes, warnings)


def requirements(apps: Sequence[AppHooks]) -> dict[str, set[str]]:
    """Returns what each app requires, directly or through others."""
    found: dict[str, set[str]] = {}
    for app in apps:  # an app stands behind those that it requires
        direct = set(app.values.get("required_apps", ()))
        found[app.name] = direct.union(*(found.get(name, set()) for name in direct))
    return found


def _entries(
    apps: Sequence[AppHooks], key: str, declared: Mapping[str, Any], warnings: list[str]
) -> Iterator[tuple[AppHooks, str, str]]:
    """Yields app, document type and path of every entry whose type is there."""
    for app in apps:
        for doctype, value in app.values.get(key, {}).items():
            paths = as_paths(value, f"{app.name}: {key}[{doctype!r}]")
            if doctype in declared:
                for path in paths:
                    yield app, doctype, path
            else:
                warnings.append(
                    f"{app.name}: {key} names the document type {doctype!r}, which no installed app has."
                    f"{nearest(doctype, declared)}"
                )


def _overriding(declared: Any, app: AppHooks, doctype: str, path: str) -> Any:
    where = f"{app.name}: {OVERRIDE}[{doctype!r}]"
    cls = import_path(path, where)
    base = f"{declared.__module__}.{declared.__qualname__}"
    if not isinstance(cls, type) or not issubclass(cls, declared):
        raise HookError(f"{where}: {path} must be a subclass of {base}")
    if cls.meta.doctype != doctype:  # type: ignore[attr-defined]  # a subclass of a document
        raise HookError(f"{where}: {path} has a meta of its own, so it is another document type; leave meta out")
    if fields_of(cls, declared):
        raise HookError(
            f"{where}: {path} declares the fields {', '.join(fields_of(cls, declared))}; a class that overrides keeps "
            f"the columns of {base}: name it in {EXTEND} instead"
        )
    return cls


def _extensions(
    apps: Sequence[AppHooks], declared: Mapping[str, Any], warnings: list[str]
) -> dict[str, list[Extension]]:
    found: dict[str, list[Extension]] = {}
    required = requirements(apps)
    for app, doctype, path in _entries(apps, EXTEND, declared, warnings):
        where = f"{app.name}: {EXTEND}[{doctype!r}]"
        mixin = import_path(path, where)
        where = f"{where}: {path!r}"
        take_back(mixin, declared[doctype], where)
        owner = declared[doctype].meta.app
        if owner not in (app.name, "doclife", *required[app.name]) and fields_of(mixin, declared[doctype]):
            raise SchemaError(
                f"{where} adds fields to a type of the app {owner!r}, so its table must be there first; "
                f"name {owner!r} in required_apps"
            )
        found.setdefault(doctype, []).append(Extension(app.name, mixin, where))
    return found
