"""`import doclife.compat` lets code say `import frappe`: the name and what is below it mean doclife.

For apps that are being migrated: `import frappe`, `from frappe.utils import getdate` and `from
frappe.model.document import Document` find the modules of doclife, the same objects under both
names. Nothing but this import turns it on; new code imports doclife.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from doclife.core.errors import ConfigError

NAME, OURS = "frappe", "doclife"

#: modules of Frappe whose contents stand elsewhere in doclife
MOVED = {
    "frappe.exceptions": "doclife",
    "frappe.model.delete_doc": "doclife",
    "frappe.model.meta": "doclife",
    "frappe.model.rename_doc": "doclife",
    "frappe.utils.background_jobs": "doclife",
    "frappe.utils.data": "doclife.utils",
    "frappe.utils.formatters": "doclife.utils",
}


def home_of(name: str) -> str:
    """Returns the module of doclife that a module of Frappe means."""
    return MOVED.get(name) or OURS + name.removeprefix(NAME)


class _Alias(Loader):
    """Loads a module of doclife in the place of one of Frappe."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        # what stands in sys.modules after this call is what the import statement gets
        sys.modules[module.__name__] = importlib.import_module(home_of(module.__name__))


class _Finder(MetaPathFinder):
    """Finds modules of Frappe among those of doclife."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != NAME and not fullname.startswith(f"{NAME}."):
            return None
        home = home_of(fullname)
        try:
            found = importlib.util.find_spec(home)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise ModuleNotFoundError(
                f"{fullname} is imported, but doclife has no {home}; see the flat API: dir(doclife)", name=fullname
            )
        return ModuleSpec(fullname, _Alias(), is_package=found.submodule_search_locations is not None)


def install() -> None:
    """Lets `frappe` mean doclife in this process; a second call changes nothing.

    Raises:
        ConfigError: the real Frappe is imported already.
    """
    there = sys.modules.get(NAME)
    if there is not None and there is not sys.modules[OURS]:
        raise ConfigError(
            f"{NAME} is imported already, from {there.__spec__ and there.__spec__.origin}; "
            "import doclife.compat before it, in a process of its own"
        )
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


install()
