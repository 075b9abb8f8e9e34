"""What the open context holds, under Frappe's names: session, flags, form_dict, response, conf, local.

Each is one object for the whole process that answers for the context which is open at the moment,
so `from doclife import flags` at the top of a module is right in every request and job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from doclife.core.context import AttrDict, Context, current


class Session:
    """Who the open context works for."""

    __slots__ = ()

    @property
    def user(self) -> str:
        """The user's name: an e-mail address, "Administrator" or "Guest"."""
        return current().user

    def __repr__(self) -> str:
        return f"<session of {self.user}>"


class ContextDict(MutableMapping[str, Any]):
    """A dict of the open context; keys are attributes too, and a missing one is None."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[Context], AttrDict]) -> None:
        """Takes the function that finds the dict in a context."""
        object.__setattr__(self, "_find", find)

    def _dict(self) -> AttrDict:
        found: AttrDict = object.__getattribute__(self, "_find")(current())
        return found

    def __getitem__(self, key: str) -> Any:
        return self._dict()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._dict()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._dict()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._dict())

    def __len__(self) -> int:
        return len(self._dict())

    def __getattr__(self, key: str) -> Any:
        return getattr(self._dict(), key)

    def __setattr__(self, key: str, value: Any) -> None:
        self._dict()[key] = value

    def __delattr__(self, key: str) -> None:
        delattr(self._dict(), key)

    def __repr__(self) -> str:
        return repr(self._dict())


class Conf:
    """The settings of the open site, to be read."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(current().site.settings, name)

    def get(self, name: str, default: Any = None) -> Any:
        """Returns a setting, or the default where there is none of that name."""
        return getattr(current().site.settings, name, default)


session = Session()

#: attributes of `local` that the context itself has
_SHARED: dict[str, Callable[[Context], Any]] = {
    "site": lambda context: context.site.name,
    "flags": lambda context: context.flags,
    "form_dict": lambda context: context.form_dict,
    "response": lambda context: context.response,
    "message_log": lambda context: context.messages,
    "conf": lambda context: context.site.settings,
    "session": lambda _context: session,
}
#: where the context keeps what an application puts into `local`
_APPLICATION = "application"


class Local:
    """A place for values that live as long as the open context."""

    __slots__ = ()

    def _values(self) -> AttrDict:
        values: AttrDict = current().local.setdefault(_APPLICATION, AttrDict())
        return values

    def __getattr__(self, name: str) -> Any:
        shared = _SHARED.get(name)
        if shared is not None:
            return shared(current())
        try:
            return self._values()[name]
        except KeyError:
            raise AttributeError(f"nothing has set doclife.local.{name} in this context") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _SHARED:
            raise AttributeError(f"doclife.local.{name} belongs to the context and cannot be replaced")
        self._values()[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._values()[name]
        except KeyError:
            raise AttributeError(f"nothing has set doclife.local.{name} in this context") from None


flags = ContextDict(lambda context: context.flags)
form_dict = ContextDict(lambda context: context.form_dict)
response = ContextDict(lambda context: context.response)
conf = Conf()
local = Local()
