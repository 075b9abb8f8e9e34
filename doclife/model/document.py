"""Document: the base of every controller.

A plain Python object over a Core table. Values stand in `__dict__`; assignment casts to the
field's type; what cannot be cast is kept and refused by the next operation. Only insert, save,
submit, cancel, discard, delete, db_set and rename write. The abilities behind the methods stand
in files of their own: `operations` begins what `engine` runs in the order of `lifecycle`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from sqlalchemy import Table

from doclife.core.context import current
from doclife.core.errors import SchemaError
from doclife.events.names import EVENTS
from doclife.model import actions, assigning, children, engine, images, locks, operations, reading
from doclife.model.state import State, flag_during
from doclife.model.values import RESERVED_ATTRIBUTES, Values
from doclife.schema import registry
from doclife.schema.build import Blueprint, build
from doclife.schema.field import Field, StandardColumn
from doclife.schema.fieldtypes import AnyField
from doclife.schema.fieldtypes import Table as TableField
from doclife.schema.meta import Meta


class Document(Values):
    """A business document; subclass it and declare fields (`doclife.fields`)."""

    __slots__ = ("__dict__", "__weakref__", "_state")

    __table__: ClassVar[Table]
    #: of a class that extends another app's type: the fields that it adds
    _adds_fields: ClassVar[tuple[str, ...]]

    #: None until the document is named; typed for what is stored
    name = StandardColumn[str, str | None]()
    owner = StandardColumn[str, str | None]()
    creation = StandardColumn[datetime, datetime | None]()
    modified = StandardColumn[datetime, datetime | None]()
    modified_by = StandardColumn[str, str | None]()
    docstatus = StandardColumn[int, int]()
    idx = StandardColumn[int, int]()
    #: of submittable types: the cancelled document this one amends
    amended_from = StandardColumn[str | None, str | None]()
    #: of child rows
    parent = StandardColumn[str, str | None]()
    parenttype = StandardColumn[str, str | None]()
    parentfield = StandardColumn[str, str | None]()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__dict__.get("meta")
        if own is not None and not isinstance(own, Meta):
            raise SchemaError(f"{cls.__qualname__}.meta must be a Meta(...), not {type(own).__name__}")
        base: Blueprint | None = getattr(cls, "_blueprint", None)
        if base is not None and own is None:
            # an overriding or extending class: it keeps type and table of its base
            added = [name for name, value in vars(cls).items() if isinstance(value, (Field, TableField))]
            if added:  # columns of another app: sites whose apps extend the type by this class have them
                cls._adds_fields = tuple(added)
                cls.__new__ = registry.new_of_site  # type: ignore[method-assign]  # of this class alone
            return
        inherited: Mapping[str, AnyField] = base.meta.by_name if base is not None else {}
        blueprint = build(cls, own, inherited, RESERVED)
        cls._blueprint, cls.meta, cls.__table__ = blueprint, blueprint.meta, blueprint.table
        registry.register(cls)

    def __init__(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Builds an unsaved document of this type; `doclife.new_doc` and `get_doc({...})` do the same.

        Args:
            values: fields by name; child rows as lists of dicts.
            more: further fields.
        Raises:
            UnknownFieldError: the type has no such field.
        """
        object.__setattr__(self, "_state", State())
        self.__dict__.update(self._blueprint.template)
        given = {**values, **more} if values and more else values or more
        if given:
            self.update(given)
            if given.get("name"):  # it may mean a stored document: then only these fields replace its values
                self._state.given = set(given)

    # -- attributes ------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        blueprint = self._blueprint
        declared = blueprint.fields.get(name)
        if declared is not None:
            assigning.assign(self, declared, value)
        elif name in blueprint.table_fields:
            children.set_rows(self, name, value)
        elif name == "docstatus":
            assigning.assign_docstatus(self, value)
        elif name in assigning.STANDARD_FIELDS:
            assigning.assign_standard(self, name, value)
        elif name in RESERVED_ATTRIBUTES:
            raise AttributeError(f"{self.doctype}.{name} cannot be set")
        else:
            object.__setattr__(self, name, value)

    # -- before-image ------------------------------------------------------------------------------

    def is_new(self) -> bool:
        """Tells whether the document has not been inserted yet."""
        return self._state.row is None

    def get_doc_before_save(self) -> Self | None:
        """Returns the document as it was before the operation in progress, or the last one; None for an insert."""
        before: Self | None = images.before(self)
        return before

    def has_value_changed(self, field: str) -> bool:
        """Tells whether a field differs from before the operation; True for every field of an insert."""
        return images.has_value_changed(self, field)

    def get_value_before_save(self, field: str) -> Any:
        """Returns a field's value before the operation; None for an insert."""
        return images.value_before(self, field)

    @property
    def _doc_before_save(self) -> Self | None:
        """Is `get_doc_before_save()`, under the name that Frappe's apps read."""
        return self.get_doc_before_save()

    @property
    def _action(self) -> str | None:
        """The last save in Frappe's words: save, submit, update_after_submit, cancel or discard; None before any."""
        return self._state.action

    # -- operations --------------------------------------------------------------------------------

    def insert(
        self,
        ignore_permissions: bool | None = None,
        ignore_links: bool | None = None,
        ignore_if_duplicate: bool = False,
        ignore_mandatory: bool | None = None,
        set_name: str | None = None,
    ) -> Self:
        """Inserts the document and its rows.

        Args:
            ignore_permissions: do not ask whether the user may.
            ignore_links: do not check links, nor fetch values over them.
            ignore_if_duplicate: when the name exists, undo the insert and return quietly.
            ignore_mandatory: allow empty mandatory fields.
            set_name: the name, instead of the naming rule.
        Raises:
            ValidationError and its kinds; PermissionDenied; DuplicateEntryError.
        """
        self._take_flags(
            ignore_permissions=ignore_permissions, ignore_links=ignore_links, ignore_mandatory=ignore_mandatory
        )
        operations.insert(self, set_name=set_name, ignore_if_duplicate=ignore_if_duplicate)
        return self

    def save(self, ignore_permissions: bool | None = None, ignore_version: bool | None = None) -> Self:
        """Saves the document: inserts a new one, writes the changes of a stored one.

        Args:
            ignore_permissions: do not ask whether the user may.
            ignore_version: keep no Version of this save, or do although `flags.ignore_version` is set.
        Raises:
            TimestampMismatchError: it was changed since it was loaded.
            DoesNotExistError: it is not stored, and its naming rule does not let the caller choose the name.
        """
        self._take_flags(ignore_permissions=ignore_permissions)
        if ignore_version is None:
            operations.save(self)
            return self
        with flag_during(self.flags, "ignore_version", ignore_version):
            operations.save(self)
        return self

    def submit(self) -> Self:
        """Submits a draft."""
        return self._submit()

    def cancel(self) -> Self:
        """Cancels a submitted document."""
        return self._cancel()

    def _submit(self) -> Self:
        """Submits here and now: for a class whose own `submit` queues the work (`queue_action("submit")`)."""
        operations.submit(self)
        return self

    def _cancel(self) -> Self:
        """Cancels here and now, as `_submit` submits."""
        operations.cancel(self)
        return self

    def discard(self) -> Self:
        """Ends a stored draft without submitting it, by the right to write.

        Written are docstatus, `modified`, `modified_by` and what handlers of before_discard set. Nothing is
        validated, so what was set on the object before and not saved is not written: the object loses it.

        Raises:
            ValidationError: it is no stored draft, or its type is not submittable.
            TimestampMismatchError: it was changed since it was loaded.
        """
        operations.discard(self)
        return self

    def delete(
        self, ignore_permissions: bool | None = None, force: bool = False, delete_permanently: bool = False
    ) -> None:
        """Deletes the document and its rows.

        Args:
            ignore_permissions: do not ask whether the user may.
            force: do not ask whether others link to it.
            delete_permanently: keep no copy in "Deleted Document".
        """
        self._take_flags(ignore_permissions=ignore_permissions)
        operations.delete(self, force=force, delete_permanently=delete_permanently)

    def rename(self, name: str, merge: bool = False, force: bool = False, validate_rename: bool = True) -> Self:
        """Gives the document another name; every link to it follows, and the object is loaded anew.

        Args:
            name: the new name; before_rename may return another.
            merge: unite it with the stored document of that name, which stays; this one is deleted.
            force: rename although the type does not say `allow_rename`.
            validate_rename: False: as `force`, and do not ask whether the user may.
        Raises:
            ValidationError: it cannot be renamed, or not to this. NameError: the name is not allowed.
            PermissionDenied; UniqueValidationError: links to both stand where each may be linked once.
        """
        operations.rename(self, name, merge=merge, force=force, ask=validate_rename)
        return self

    def db_set(
        self,
        field: str | Mapping[str, Any],
        value: Any = None,
        update_modified: bool = True,
        notify: bool = False,
        commit: bool = False,
    ) -> None:
        """Writes columns at once, with before_change and on_change but no checks.

        Args:
            field: a field, or a dict of fields and values.
            value: the value of a single field.
            update_modified: whether `modified` moves too.
            notify: tell whoever looks at the document, as `notify_update`.
            commit: commit afterwards.
        """
        operations.db_set(
            self, {field: value} if isinstance(field, str) else dict(field), update_modified=update_modified
        )
        if notify:
            self.notify_update()
        if commit:
            current().unit.commit()

    def db_update(self) -> Self:
        """Writes all columns as they are in memory, without events, times or checks; rows are not written.

        Raises:
            ValidationError: it is not stored, or a value cannot be.
            DoesNotExistError: it is not stored any more.
        """
        operations.db_update(self)
        return self

    def db_get(self, field: str) -> Any:
        """Returns a column's stored value."""
        return reading.stored_value(self, field)

    def reload(self) -> Self:
        """Loads the document again over this object; flags stay."""
        reading.reload(self)
        return self

    def get_latest(self) -> Self:
        """Returns the document as it is stored now, another object."""
        latest: Self = reading.latest(self)
        return latest

    def queue_action(self, action: str, **options: Any) -> Any:
        """Has a worker call a method of this document once the transaction is committed, and locks it until then.

        Args:
            action: the method, or `submit` for `_submit` where there is one.
            options: terms of the job as in `enqueue_doc`, and arguments of the method.
        Returns:
            The Job; a failed one has an Error Log.
        Raises:
            DocumentLockedError: somebody else has locked it.
        """
        return actions.queue(self, action, options)

    def lock(self, timeout: float | None = None) -> None:
        """Keeps others from changing the document until `unlock`, the end of this context or job, or 10 minutes.

        Args:
            timeout: seconds to wait while somebody else has locked it.
        Raises:
            DocumentLockedError: somebody else has.
        """
        locks.lock(self, timeout)

    def unlock(self) -> None:
        """Ends `lock`, when the open transaction has ended; a DocumentLockedError where somebody else has locked it."""
        locks.unlock(self)

    @property
    def is_locked(self) -> bool:
        """Whether somebody has locked it, or a job is to work on it: this context too."""
        return locks.is_locked(self)

    def log_error(self, title: str | None = None, message: str | None = None) -> Any:
        """Keeps an error about this document, whatever becomes of the transaction; returns the Error Log.

        Args:
            title: what failed, in a line.
            message: the details; default the traceback of the exception being handled.
        """
        return actions.log_error(self, title, message)

    def notify_update(self) -> None:
        """Tells whoever looks at the document or its list after the commit; not with `flags.notify_update = False`."""
        actions.notify(self)

    def run_method(self, event: str, *args: Any, **named: Any) -> Any:
        """Fires an event, also a custom one: the controller's method, then all handlers.

        Args:
            event: an event, one that an app declares in `custom_events`, or a method of the controller.
            args: further arguments, after document and event.
            named: the same by name; a handler is given those it takes.
        Returns:
            The last answer that is not None; dicts are merged.
        Raises:
            UnknownEventError: no such event or method; the message has the nearest name.
        """
        return engine.run_event(self, event, args, named)

    def has_permission(self, right: str = "read", user: str | None = None) -> bool:
        """Tells whether the user has a right on this document."""
        return engine.has_permission(self, right, user)

    def check_permission(self, right: str = "read") -> None:
        """Refuses without the right.

        Raises:
            PermissionDenied: the message names user, right and document.
        """
        engine.check_permission(self, right)

    def _take_flags(self, **flags: Any) -> None:
        for name, value in flags.items():
            if value is not None:
                self.flags[name] = value

    # -- Python ------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name or '(new)'}{' (row)' if self._state.parent is not None else ''}>"

    def __getstate__(self) -> Any:
        raise TypeError(f"{self!r} is not pickled; pass its doctype and name")


#: names that no field may have: what Document itself needs, and events, whose methods they would hide
RESERVED = (
    frozenset(EVENTS)
    | frozenset(name for cls in (Document, Values) for name in vars(cls) if not name.startswith("__"))
    | frozenset(
        {
            "doctype",
            "name",
            "owner",
            "creation",
            "modified",
            "modified_by",
            "docstatus",
            "idx",
            "parent",
            "parenttype",
            "parentfield",
            "amended_from",
        }
    )
)
