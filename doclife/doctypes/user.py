"""Users and roles."""

from __future__ import annotations

from sqlalchemy import update

from doclife.core.context import ADMINISTRATOR, GUEST, current
from doclife.core.errors import ValidationError
from doclife.model import passwords
from doclife.model.document import Document
from doclife.permissions.roles import AUTOMATIC_ROLES
from doclife.schema.fieldtypes import Check, Data, Datetime, Link, Password, Table
from doclife.schema.meta import Meta, Permission
from doclife.schema.tables import background_job
from doclife.uow.unit import UnitOfWork

SYSTEM_MANAGER = "System Manager"

_LASTING_USERS = (ADMINISTRATOR, GUEST)
_LASTING_ROLES = (SYSTEM_MANAGER, *AUTOMATIC_ROLES)
#: rights by which nothing changes
_READING = frozenset({"select", "read", "print", "email", "report", "export"})


class Role(Document):
    """A role: what permissions are given to."""

    meta = Meta(
        autoname="field:role_name",
        permissions=[Permission(SYSTEM_MANAGER, read=True, write=True, create=True, delete=True)],
    )

    role_name = Data(reqd=True, unique=True, set_only_once=True)
    #: a disabled role gives nothing; who had it has it again when it is enabled
    disabled = Check()

    def validate(self) -> None:
        """Keeps the roles that must exist in force."""
        if self.disabled and self.name in _LASTING_ROLES:
            raise ValidationError(f"the role {self.name} cannot be disabled")

    def on_trash(self) -> None:
        """Refuses to delete the roles that must exist."""
        if self.name in _LASTING_ROLES:
            raise ValidationError(f"the role {self.name} cannot be deleted")

    def before_rename(self, old: str, new: str, merge: bool = False) -> None:
        """Refuses to rename the roles that must exist."""
        if old in _LASTING_ROLES:
            raise ValidationError(f"the role {old} cannot be renamed")


class HasRole(Document):
    """One role of one user."""

    meta = Meta(istable=True)

    role = Link("Role", reqd=True, in_list_view=True)


class User(Document):
    """Somebody who may log in; the name is the e-mail address."""

    meta = Meta(
        autoname="field:email",
        title_field="full_name",
        permissions=[Permission(SYSTEM_MANAGER, read=True, write=True, create=True, delete=True)],
    )

    email = Data(reqd=True, unique=True, set_only_once=True)
    first_name = Data()
    last_name = Data()
    full_name = Data(read_only=True)
    #: who is disabled has no rights
    enabled = Check(default=1)
    new_password = Password(label="Password", no_copy=True)
    last_login = Datetime(read_only=True, no_copy=True)
    roles = Table(HasRole)

    # before_validate, not validate: no flag leaves it out
    def before_validate(self) -> None:
        """Keeps the two users that must exist as they must be."""
        self._check_lasting()

    def validate(self) -> None:
        """Derives the full name."""
        parts = [part for part in (self.first_name, self.last_name) if part]
        self.full_name = " ".join(parts) or self.email

    def before_change(self) -> None:
        """Asks for Administrator what a save asks: db_set asks for no right, and validates nothing."""
        if self.name == ADMINISTRATOR:
            self.check_permission("write")
        self._check_lasting()

    def _check_lasting(self) -> None:
        if self.name in _LASTING_USERS and not self.enabled:
            raise ValidationError(f"the user {self.name} cannot be disabled")
        if self.name == GUEST and self.new_password:
            raise ValidationError("the user Guest can have no password: it is whoever has not logged in")

    def on_trash(self) -> None:
        """Refuses to delete the two users that must exist."""
        if self.name in _LASTING_USERS:
            raise ValidationError(f"the user {self.name} cannot be deleted")

    def before_rename(self, old: str, new: str, merge: bool = False) -> None:
        """Refuses to rename the two users that must exist, and to make another user one of them."""
        if old in _LASTING_USERS:
            raise ValidationError(f"the user {old} cannot be renamed")
        self._check_new_name(old, new)

    def _check_new_name(self, old: str, new: str) -> None:
        if new in _LASTING_USERS:  # what waits for workers would run with their rights
            raise ValidationError(f"the user {old} cannot become {new}")

    def after_rename(self, old: str, new: str, merge: bool = False) -> None:
        """Gives what the user owns, has changed and has asked workers to do the new name."""
        self._check_new_name(old, new)  # once more: blanks were taken off, and handlers may have answered another
        context = current()
        unit: UnitOfWork = context.unit
        unit.before_write()
        for table in {cls.__table__ for cls in context.site.doctypes.values()}:
            for column in (table.c[name] for name in ("owner", "modified_by") if name in table.c):
                unit.link.execute(update(table).where(column == old).values({column: new}))
        waiting = (background_job.c.run_as == old, background_job.c.status == "queued")
        unit.link.execute(update(background_job).where(*waiting).values(run_as=new))
        unit.outdate()

    def check_password(self, secret: str) -> bool:
        """Tells whether `secret` is the user's password; takes about 50 ms."""
        return passwords.verify(self, "new_password", secret)

    def add_roles(self, *roles: str) -> None:
        """Gives the user roles and saves."""
        have = {row.role for row in self.roles}
        for role in roles:
            if role not in have:
                self.append("roles", {"role": role})
        self.save()


def only_administrator_changes_administrator(doc: User, ptype: str) -> bool:
    """Lets nobody change the user Administrator but that user, about whom no `has_permission` is asked.

    Who may write users could otherwise give Administrator a password, and have every right with it.
    """
    return ptype in _READING or doc.name != ADMINISTRATOR
