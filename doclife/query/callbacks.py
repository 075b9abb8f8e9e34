"""Callbacks of the transaction as objects of `db`: `db.after_commit(fn)` or `db.after_commit.add(fn)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from doclife.uow.unit import current_unit

Function = TypeVar("Function", bound=Callable[[], Any])


class Moment:
    """One moment of the transaction, to which functions without arguments are added."""

    def __init__(self, name: str) -> None:
        """Names the moment: before_commit, after_commit, before_rollback or after_rollback."""
        self.name = name

    def add(self, function: Function) -> Function:
        """Has the function called at this moment of the open transaction, and returns it.

        It belongs to the innermost savepoint: when that is rolled back, it is gone.
        """
        current_unit().add_callback(self.name, function)
        return function

    __call__ = add

    def __repr__(self) -> str:
        return f"<db.{self.name}>"
