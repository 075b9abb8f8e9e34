"""Classes that these tests declare are forgotten again."""

from __future__ import annotations

import pytest

from doclife.schema import registry


@pytest.fixture(autouse=True)
def _forget_classes():
    before = set(registry.declared_classes())
    yield
    for cls in registry.declared_classes():
        if cls not in before:
            registry.forget(cls)
