"""What the helpers raise when a value cannot be read.

Helpers may not know the error family of doclife (`core` is on the same floor), so they raise
ValueErrors of their own. `doclife.schema.invalid`, a floor that knows both, has a class for each of
them that is a member of the family too; what is raised is always one of those. So `except ValueError`
and `except doclife.ValidationError` both catch it, wherever the helper was called.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Self, cast

#: the module that registers the members; imported when the first of these errors is raised
_FAMILY = "doclife.schema.invalid"

_members: dict[type[InvalidValue], type[InvalidValue]] = {}


class InvalidValue(ValueError):
    """A value cannot be read as what it should be; the message says why and what is accepted."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Makes the member of doclife's error family that stands for this class."""
        if not _members:
            import_module(_FAMILY)
        # a member is a subclass of the class it stands for
        return super().__new__(cast("type[Self]", _members.get(cls, cls)), *args)


class InvalidEmail(InvalidValue):
    """A text is not an e-mail address."""


class InvalidUrl(InvalidValue):
    """A text is not a URL."""


def register_member(kind: type[InvalidValue], member: type[InvalidValue]) -> None:
    """Has `member`, a subclass of `kind` that belongs to doclife's error family, raised in its place."""
    _members[kind] = member
