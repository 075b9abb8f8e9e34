"""Password fields: stored as Argon2 hashes, compared, never read back."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from doclife.core.errors import UnknownFieldError

_HASHED = "$argon2"


@lru_cache(maxsize=1)
def _hasher() -> Any:
    from argon2 import PasswordHasher  # 30 ms at import, and few processes ever hash

    return PasswordHasher()


class Hashed(str):
    """A hash that `hash_new` has made: an operation that is tried again does not hash it again."""

    __slots__ = ()


def hash_new(doc: Any) -> None:
    """Replaces each password that was set since loading by its hash.

    Those that `flags.ignore_save_passwords` names, or all if it is True, become what is stored.
    """
    flags = (doc._state.parent or doc)._state.flags
    ignored = flags.get("ignore_save_passwords") if flags else None
    for name in doc._blueprint.format.password_fields:
        value = doc.__dict__[name]
        row = doc._state.row
        stored = row[doc._blueprint.format.index[name]] if row is not None else None
        if ignored is True or (ignored and name in ignored):
            doc.__dict__[name] = stored
        elif value and value != stored and not isinstance(value, Hashed):
            doc.__dict__[name] = Hashed(_hasher().hash(value))


def verify(doc: Any, field: str, secret: str) -> bool:
    """Tells whether `secret` is the stored password; takes about 50 ms.

    Raises:
        UnknownFieldError: the type has no such password field.
    """
    if field not in doc._blueprint.format.password_fields:
        raise UnknownFieldError(f"{doc.doctype} has no password field {field!r}")
    from argon2.exceptions import VerificationError

    stored = doc.__dict__[field]
    if not stored or not stored.startswith(_HASHED):
        return False
    try:
        return bool(_hasher().verify(stored, secret))
    except VerificationError:
        return False
