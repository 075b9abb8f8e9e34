"""hooks.py: what an app declares, as a module of plain names, and how apps' values merge."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from doclife.core.errors import DoclifeError, HookError, UnknownAppError, nearest

#: keys that doclife itself reads, with the type each must have
KNOWN_KEYS: dict[str, tuple[type, ...]] = {
    "app_name": (str,),
    "app_title": (str,),
    "required_apps": (list, tuple),
    "doc_events": (dict,),
    "scheduler_events": (dict,),
    "override_doctype_class": (dict,),
    "extend_doctype_class": (dict,),
    "permission_query_conditions": (dict,),
    "has_permission": (dict,),
    "before_job": (str, list, tuple),
    "after_job": (str, list, tuple),
    "before_install": (str, list, tuple),
    "after_install": (str, list, tuple),
    "before_uninstall": (str, list, tuple),
    "after_uninstall": (str, list, tuple),
    "before_migrate": (str, list, tuple),
    "after_migrate": (str, list, tuple),
    "naming_series_variables": (dict,),
    "ignore_links_on_delete": (list, tuple),
    "fixtures": (list, tuple),
    "override_whitelisted_methods": (dict,),
    "custom_events": (list, tuple),
}


@dataclass(frozen=True)
class AppHooks:
    """One app with the public values of its hooks.py."""

    name: str
    values: Mapping[str, Any]
    package: ModuleType

    @property
    def title(self) -> str:
        """What people read."""
        return str(self.values.get("app_title") or self.name)


def load_app(name: str) -> AppHooks:
    """Imports an app: its hooks.py and every module of its `doctypes` package.

    Raises:
        UnknownAppError: there is no such package.
        HookError: it has no hooks.py or no __init__.py, or a key has the wrong type.
    """
    if not name.isidentifier() or importlib.util.find_spec(name) is None:
        raise UnknownAppError(
            f"no app {name!r}: no package of that name can be imported; install it into this environment."
            f"{nearest(name, importable_apps())}",
            app=name,
        )
    package = importlib.import_module(name)
    hooks_name = f"{name}.hooks" if name != "doclife" else "doclife.doctypes.hooks"
    try:
        module = importlib.import_module(hooks_name)
    except ModuleNotFoundError as error:
        if error.name != hooks_name:
            raise HookError(f"{hooks_name} does not import: {error}") from error
        raise HookError(f"{name!r} is no app: it has no hooks.py") from error
    except Exception as error:
        raise HookError(f"{hooks_name} does not import: it raised {type(error).__name__}: {error}") from error
    if package.__file__ is None:  # its migrations and fixtures have no place
        raise HookError(
            f"{name!r} is no app: its folder is no package; make an empty {package.__path__[0]}/__init__.py"
        )
    values = {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and not isinstance(value, (ModuleType, type)) and not callable(value)
    }
    for key, kinds in KNOWN_KEYS.items():
        if key in values and not isinstance(values[key], kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise HookError(f"{hooks_name}: {key} must be a {expected}, not {type(values[key]).__name__}")
    _import_doctypes(name)
    return AppHooks(name, values, package)


def version_of(app: AppHooks) -> str:
    """Returns the version of an app: its package's `__version__`, or that of the distribution; "" when unknown."""
    from importlib import metadata  # only whoever asks pays for it

    version = getattr(app.package, "__version__", None)
    if version is None:
        try:
            version = metadata.version(app.name)
        except metadata.PackageNotFoundError:
            return ""
    return str(version)


def importable_apps() -> list[str]:
    """Returns the packages on the path that have a hooks.py with an `app_name`."""
    found = (hooks for folder in sys.path for hooks in Path(folder or ".").glob("*/hooks.py"))
    return sorted({hooks.parent.name for hooks in found if "app_name" in hooks.read_text(errors="replace")})


def _import_doctypes(app: str) -> None:
    package_name = f"{app}.doctypes"
    if importlib.util.find_spec(package_name) is None:
        return
    package = importlib.import_module(package_name)
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
        if module.name == "hooks":
            continue
        path = f"{package_name}.{module.name}"
        try:
            importlib.import_module(path)
        except DoclifeError:  # a declaration that cannot be used says so itself
            raise
        except Exception as error:
            raise HookError(f"{path} does not import: {type(error).__name__}: {error}") from error


def in_order(names: Iterable[str]) -> list[AppHooks]:
    """Loads apps in install order; the framework's own comes first.

    Raises:
        HookError: an app comes before one that it requires.
    """
    apps = [load_app("doclife")]
    present = {"doclife"}
    for name in names:
        app = load_app(name)
        missing = [each for each in app.values.get("required_apps", ()) if each not in present]
        if missing:
            raise HookError(f"app {name!r} requires {missing[0]!r}, which must be installed before it")
        present.add(name)
        apps.append(app)
    return apps


def merged(apps: Iterable[AppHooks], key: str) -> Any:
    """Returns one key over all apps in install order: dicts merge, everything else becomes a list."""
    result: Any = None
    for app in apps:
        if key in app.values:
            result = _merge(result, app.values[key])
    return [] if result is None else result


def _merge(into: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        merged_dict = dict(into) if isinstance(into, dict) else {}
        for key, item in value.items():
            merged_dict[key] = _merge(merged_dict.get(key), item)
        return merged_dict
    items = list(value) if isinstance(value, (list, tuple)) else [value]
    return [*into, *items] if isinstance(into, list) else items


def as_paths(value: Any, what: str) -> list[str]:
    """Returns a hook value that is a dotted path or a list of them as a list.

    Raises:
        HookError: it is something else.
    """
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise HookError(f"{what} must be a dotted path or a list of dotted paths, not {value!r}")
    return list(items)
