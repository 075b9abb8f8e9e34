"""The registry of document classes: what the loaded apps declare, and what a site uses of it.

Classes register when they are defined. A site sees those of its installed apps, with overriding
classes applied: its `doctypes` mapping is made by `doclife.site`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from doclife.core.context import current_or_none
from doclife.core.errors import AppNotInstalledError, SchemaError, UnknownDoctypeError, nearest

_classes: dict[str, Any] = {}

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def doctype_name(class_name: str) -> str:
    """Returns the document type of a class name: "SJOutlet" is "SJ Outlet"."""
    return _WORD_START.sub(" ", class_name)


def register(cls: Any) -> None:
    """Registers the class that declares a document type.

    Raises:
        SchemaError: another class declares the type already.
    """
    doctype = cls.meta.doctype
    known = _classes.get(doctype)
    if known is not None and not same_definition(known, cls):
        raise SchemaError(
            f"document type {doctype!r} is declared by {known.__module__}.{known.__qualname__} and again by "
            f"{cls.__module__}.{cls.__qualname__}; rename one, or give it Meta(doctype=...)"
        )
    _classes[doctype] = cls


def same_definition(known: Any, cls: Any) -> bool:
    """Tells whether two classes are one definition that ran twice (a reload, a test run again)."""
    return (known.__module__, known.__qualname__) == (cls.__module__, cls.__qualname__)


def declared(doctype: str) -> Any:
    """Returns the class that declares a document type, or None."""
    return _classes.get(doctype)


def classes_of(apps: Iterable[str]) -> dict[str, Any]:
    """Returns the classes that these apps declare, by document type, in the order of definition."""
    wanted = set(apps)
    return {name: cls for name, cls in _classes.items() if cls.meta.app in wanted}


def site_doctypes() -> Mapping[str, Any]:
    """Returns the document classes of the open context's site; without a context all declared ones."""
    context = current_or_none()
    if context is None:
        return _classes
    doctypes: Mapping[str, Any] = context.site.doctypes
    return doctypes


def resolve(doctype: str) -> Any:
    """Returns the class this site uses for a document type.

    Raises:
        UnknownDoctypeError: no installed app declares it; the message has the nearest name.
    """
    doctypes = site_doctypes()
    found = doctypes.get(doctype)
    if found is not None:
        return found
    declared_by = _classes.get(doctype)
    if declared_by is not None:
        context = current_or_none()
        site = context.site.name if context is not None else ""
        raise UnknownDoctypeError(
            f"document type {doctype!r} belongs to the app {declared_by.meta.app!r}, which is not installed on "
            f"{site}; run: doclife --site {site} install-app {declared_by.meta.app}",
            doctype=doctype,
        )
    raise UnknownDoctypeError(f"no document type {doctype!r}.{nearest(doctype, doctypes)}", doctype=doctype)


def resolve_class(cls: Any) -> Any:
    """Returns the class this site uses for the document type of a class.

    Raises:
        UnknownDoctypeError: no installed app declares the type.
        AppNotInstalledError: `cls` adds fields to the type (`extend_doctype_class`), and this site has them not.
    """
    found = resolve(cls.meta.doctype)
    if found is not cls and "_adds_fields" in vars(cls) and not issubclass(found, cls):
        raise _not_added(cls)
    return found


def new_of_site(cls: Any, *_args: Any, **_values: Any) -> Any:
    """Makes the object of `cls(...)`: of the class this site uses, where that is a subclass.

    Is the `__new__` of classes that are overridden or extended on some site, so that `SJOutlet(...)` has
    the fields and the methods that the site's apps have given outlets.
    """
    context = current_or_none()
    found = context.site.doctypes.get(cls.meta.doctype) if context is not None else None
    if found is None or not issubclass(found, cls):
        if "_adds_fields" in vars(cls):
            raise _not_added(cls)
        found = cls
    return object.__new__(found)


def refuse_foreign(cls: Any) -> None:
    """Refuses to work on a document whose class has other fields than the open site gives its type.

    It was made on another site, or outside any; this site's checks and columns are not its.

    Raises:
        SchemaError: names the fields that make the difference.
    """
    found = site_doctypes().get(cls.meta.doctype)
    if found is None or found._blueprint is cls._blueprint:
        return
    here, there = set(found.meta.by_name), set(cls.meta.by_name)
    if here != there:
        context = current_or_none()
        site = context.site.name if context is not None else "here"
        more, less = ", ".join(sorted(here - there)), ", ".join(sorted(there - here))
        known = f"has also {more}" if more else f"has no {less}"
        raise SchemaError(
            f"{cls.meta.doctype}: on {site} the type {known}; this document was made outside of that site. Make it "
            "inside the site's context, or load it there"
        )


def _not_added(cls: Any) -> AppNotInstalledError:
    context = current_or_none()
    place = f"on {context.site.name}" if context is not None else "of the open site; there is none"
    return AppNotInstalledError(
        f"{cls.__module__}.{cls.__qualname__} adds the fields {', '.join(vars(cls)['_adds_fields'])} to "
        f"{cls.meta.doctype!r}, but no app that is installed {place} names it in extend_doctype_class"
    )


def forget(cls: Any) -> None:
    """Takes a class and its table out again: one that was declared for the length of a test."""
    known: Any = _classes.pop(cls.meta.doctype)
    assert known is cls, f"{cls.meta.doctype!r} is declared by {known!r}"
    if cls.__table__.info.get("doctype") == cls.meta.doctype:  # not one it has adopted
        cls.__table__.metadata.remove(cls.__table__)


def declared_classes() -> list[Any]:
    """Returns the classes that are declared now, whatever the site, in the order of definition."""
    return list(_classes.values())
