"""Classes that these tests declare are forgotten again."""

from __future__ import annotations

import sys

import pytest

from doclife.schema import registry


@pytest.fixture(autouse=True)
def _forget_classes():
    before = set(registry.declared_classes())
    yield
    for cls in registry.declared_classes():
        if cls not in before and not _is_of_a_module(cls):
            registry.forget(cls)


def _is_of_a_module(cls):
    """Tells whether a module was imported meanwhile that goes on declaring the class."""
    return getattr(sys.modules.get(cls.__module__), cls.__qualname__, None) is cls
