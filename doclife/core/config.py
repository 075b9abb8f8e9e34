"""Where settings come from: defaults < common file < site file < environment < flags; and which site is meant.

This is the only module that reads the environment.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfoNotFoundError, available_timezones

from doclife.core import jsonc, layers
from doclife.core.clock import zone
from doclife.core.errors import ConfigError, UnknownSiteError, nearest
from doclife.core.settings import Settings

COMMON_FILE = "common_site_config.json"
SITE_FILE = "site_config.json"
CURRENT_FILE = "currentsite.txt"
PREFIX = "DOCLIFE_"
#: variables that begin like settings and are none
NOT_SETTINGS = re.compile(r"DOCLIFE_(SITE|SITES_DIR|DEBUG|TEST_.*)")
#: what the operator of the installation decides, not the owner of a site
OPERATOR_ONLY = ("server_script_enabled",)
SECRETS = ("encryption_key",)
#: seconds that a writer of a settings file waits for another
WRITE_WAIT_S = 10

_SITE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: up to the last "@" that can end it: rather too much hidden than a password with odd signs shown
_PASSWORD = re.compile(r"(://[^/:@]*):[^@]*@(?:[^/?@]*@)*")
_SECRET_PARAMETER = re.compile(r"(?i)\b((?:password|passwd|sslpassword)=)[^&]*")


class Loaded(NamedTuple):
    """Settings, and where each value is from."""

    settings: Settings
    #: "workers.long.timeout" -> "default", a file, a variable or a flag
    sources: dict[str, str]

    def shown(self) -> list[tuple[str, Any, str]]:
        """Returns name, value and source of every setting, secrets hidden, in the order of `Settings`."""
        flat = layers.check(self.settings.as_dict(), "the settings")
        names = {path: ".".join(path) for path in flat}
        return [(names[path], _hidden(path, flat[path]), self.sources.get(names[path], "default")) for path in flat]


def environment(name: str, default: str = "") -> str:
    """Returns a variable of the environment that is no setting (`DOCLIFE_DEBUG`, `XDG_RUNTIME_DIR`)."""
    return os.environ.get(name, default)


def load_settings(
    sites_dir: Path,
    site: str | None,
    *,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """Returns the settings of a site, or those that hold for all sites.

    Args:
        sites_dir: folder of the sites; it need not exist yet.
        site: name of a site, or None.
        environ: the environment instead of the process's own. An empty variable counts as not set; a double
            underscore goes a level down (`DOCLIFE_WORKERS__LONG__TIMEOUT`).
        flags: settings from the command line; those that are None were not given.
    Raises:
        ConfigError: a source is unreadable, or has an unknown name or a value of the wrong type.
        UnknownSiteError: there is no such site.
    """
    environ = os.environ if environ is None else environ
    merged: layers.Layer = {}
    sources: dict[str, str] = {}

    def lay(layer: layers.Layer, source: str) -> None:
        merged.update(layer)
        sources.update((".".join(path), source) for path in layer)

    lay(layers.defaults(), "default")
    if "PYTEST_VERSION" in environ or "PYTEST_CURRENT_TEST" in environ:
        lay({("strict",): True}, "pytest")
    common = sites_dir / COMMON_FILE
    if common.exists():
        lay(layers.check(jsonc.parse(_read(common), str(common)), str(common)), str(common))
    if site is not None:
        path = site_dir(sites_dir, site) / SITE_FILE
        if not path.exists():
            raise _no_such_site(sites_dir, site)
        lay(_checked_site(jsonc.parse(_read(path), str(path)), path), str(path))
    for name, value in sorted(environ.items()):
        if name.startswith(PREFIX) and value and not NOT_SETTINGS.fullmatch(name):
            lay(layers.check(_nested(name, value), f"the variable {name}", text=True), name)
    for key, value in (flags or {}).items():
        if value is not None:
            flag = f"--{key.replace('_', '-')}"
            lay(layers.check({key: value}, f"the option {flag}", text=True), flag)

    settings = layers.settings_of(merged)
    _check_zone(settings.time_zone, sources["time_zone"])
    return Loaded(settings, sources)


def find_sites_dir(flag: str | Path | None = None, *, environ: Mapping[str, str] | None = None) -> Path:
    """Returns the absolute folder of the sites: the flag, `DOCLIFE_SITES_DIR`, or `sites` in the current folder.

    Raises:
        ConfigError: there is a file of that name.
    """
    environ = os.environ if environ is None else environ
    folder = Path(flag or environ.get("DOCLIFE_SITES_DIR") or "sites").expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; sites are kept in a folder: name another with --sites-dir")
    return folder


def list_sites(sites_dir: Path) -> list[str]:
    """Returns the names of the sites in a folder, sorted."""
    return sorted(path.parent.name for path in sites_dir.glob(f"*/{SITE_FILE}"))


def find_site(sites_dir: Path, flag: str | None = None, *, environ: Mapping[str, str] | None = None) -> str:
    """Returns the site that is meant: the flag, `DOCLIFE_SITE`, the one of `doclife use`, or the only one there is.

    Raises:
        UnknownSiteError: the site named does not exist, or none is named and there is not exactly one.
    """
    environ = os.environ if environ is None else environ
    sites = list_sites(sites_dir)
    current = sites_dir / CURRENT_FILE
    name = flag or environ.get("DOCLIFE_SITE") or (_read(current).strip() if current.exists() else "")
    if name:
        if name not in sites:
            raise _no_such_site(sites_dir, name)
        return name
    if not sites:
        raise UnknownSiteError(f"{sites_dir} holds no site. Make one: doclife new-site NAME")
    if len(sites) > 1:
        raise UnknownSiteError(
            f"{sites_dir} holds {len(sites)} sites ({', '.join(sites)}). "
            "Name one with --site or DOCLIFE_SITE, or choose one: doclife use NAME"
        )
    return sites[0]


def use_site(sites_dir: Path, site: str) -> None:
    """Makes `site` the one that is meant where none is named.

    Raises:
        UnknownSiteError: there is no such site.
    """
    if site not in list_sites(sites_dir):
        raise _no_such_site(sites_dir, site)
    _write(sites_dir / CURRENT_FILE, site + "\n")


def forget_use(sites_dir: Path, site: str) -> None:
    """Makes a site that is gone no longer the one that is meant where none is named."""
    current = sites_dir / CURRENT_FILE
    if current.exists() and _read(current).strip() == site:
        current.unlink(missing_ok=True)


def site_dir(sites_dir: Path, site: str) -> Path:
    """Returns the folder of a site, which need not exist.

    Raises:
        ConfigError: the name cannot be one of a folder and a queue.
    """
    if not _SITE_NAME.fullmatch(site) or len(site) > 64:
        raise ConfigError(
            f"{site!r} cannot be the name of a site: up to 64 letters, digits, '.', '_' and '-', the first "
            "a letter or digit"
        )
    return sites_dir / site


def write_site_config(sites_dir: Path, site: str, changes: Mapping[str, Any]) -> Path:
    """Writes settings of a site and returns the file; what a person wrote beside them stays, comments included.

    The file is readable by its owner only, since db_url may hold a password, and is replaced in one step.
    Processes that write at the same time take turns, so none loses what another has written.

    Args:
        changes: values by setting; None takes the setting out.
    Raises:
        ConfigError: a name is unknown, a value has the wrong type, or the file that is there is not usable.
    """
    path = site_dir(sites_dir, site) / SITE_FILE
    named = layers.canonical(changes)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{path.parent}: it cannot be made: {error}") from error
    with _writing(path):
        text = _read(path) if path.exists() else "{}\n"
        _checked_site(jsonc.parse(text, str(path)), path)
        text = jsonc.edit(text, named)
        _checked_site(jsonc.parse(text, str(path)), path)
        _write(path, text)
    return path


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Holds the lock of a file for the block; the lock's own file beside it stays, empty."""
    from doclife.core.locks import FileLock  # only who writes needs it

    try:
        lock = FileLock(path.with_name(f".{path.name}.lock"))
    except OSError as error:
        raise ConfigError(f"{path}: it cannot be written: {error}") from error
    try:
        if not lock.wait(WRITE_WAIT_S):
            raise ConfigError(f"{path}: another process has been writing it for {WRITE_WAIT_S} s; look at {lock.path}")
        yield
    finally:
        lock.close()


def redact(url: str) -> str:
    """Returns a URL without its password, for people and logs."""
    return _SECRET_PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1:***@", url))


def _hidden(path: layers.Path, value: Any) -> Any:
    if path[-1] in SECRETS and value:
        return "***"
    return redact(value) if path[-1].endswith("_url") else value


def _checked_site(data: Any, path: Path) -> layers.Layer:
    layer = layers.check(data, str(path))
    for key in OPERATOR_ONLY:
        if (key,) in layer:
            raise ConfigError(f"{path}: {key}: it is for all sites; set it in {path.parent.parent / COMMON_FILE}")
    return layer


def _nested(name: str, value: str) -> dict[str, Any]:
    keys = name.removeprefix(PREFIX).lower().split("__")
    data: Any = value
    for key in reversed(keys):
        data = {key: data}
    result: dict[str, Any] = data
    return result


def _check_zone(name: str, source: str) -> None:
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        hint = nearest(name, available_timezones()) or " Use an IANA name such as 'Europe/Berlin'."
        raise ConfigError(f"{source}: time_zone: there is no time zone {name!r}.{hint}") from error


def _no_such_site(sites_dir: Path, name: str) -> UnknownSiteError:
    sites = list_sites(sites_dir)
    there = f"{sites_dir} holds {', '.join(sites)}." if sites else f"{sites_dir} holds no site."
    return UnknownSiteError(f"There is no site {name!r}.{nearest(name, sites)} {there}", site=name)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: it cannot be read: {error}") from error


def _write(path: Path, text: str) -> None:
    """Replaces a file in one step; `mkstemp` makes it readable by its owner only."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise ConfigError(f"{path}: it cannot be written: {error}") from error
