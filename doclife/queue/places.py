"""Where the embedded server of a sites folder keeps its things, and where its socket lies."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from doclife.core.errors import ConfigError
from doclife.core.locks import FileLock

#: the operating system's limit for the path of a Unix socket, without its final zero byte
LONGEST_SOCKET_PATH = 107
#: exit code of a starting keeper that ended without a word: someone killed it, so another may be started
KILLED = 75
LONGEST_LOG = 1_000_000


@dataclass(frozen=True)
class Places:
    """The files of one embedded server; all live in `<sites>/.valkey`, but for the socket."""

    #: resolved
    sites_dir: Path

    @classmethod
    def of(cls, sites_dir: Path) -> Places:
        """Returns the places of a sites folder and makes the data folder.

        Raises:
            ConfigError: the folder cannot be made, belongs to someone else, or others can enter it.
        """
        places = cls(sites_dir.resolve())
        try:
            places.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = places.data.stat()
            if found.st_uid != os.geteuid():
                raise PermissionError(f"{places.data} belongs to user {found.st_uid}")
        except OSError as error:
            raise ConfigError(
                f"the embedded broker cannot keep its data: {error}. Run as the owner of {sites_dir}, or name a "
                "server in redis_url"
            ) from error
        if found.st_mode & 0o077:
            raise ConfigError(
                f"the embedded broker keeps its data in {places.data}, which other users can enter; say: "
                f"chmod 700 {places.data}"
            )
        return places

    @property
    def data(self) -> Path:
        """Folder of the append-only file, the locks and the log."""
        return self.sites_dir / ".valkey"

    @property
    def users(self) -> Path:
        """Locked shared by every user, exclusively by a keeper that leaves."""
        return self.data / "users.lock"

    @property
    def keeper(self) -> Path:
        """Locked by the keeper, holds its process id."""
        return self.data / "keeper.lock"

    @property
    def starter(self) -> Path:
        """Locked by the process that starts a keeper just now."""
        return self.data / "starter.lock"

    @property
    def server(self) -> Path:
        """Locked by the server itself as long as it lives, holds its process id."""
        return self.data / "server.lock"

    @property
    def log(self) -> Path:
        """What keeper and server have to say."""
        return self.data / "valkey.log"

    def socket(self) -> Path:
        """Returns the path of the server's socket, the same for every process.

        The first to ask chooses and notes it, because processes may differ in the variables that
        the choice depends on (XDG_RUNTIME_DIR, TMPDIR). A note whose folder is gone, as after a
        restart of the machine, or which came here by copying the folder, is replaced.

        Raises:
            ConfigError: there is no folder for it.
        """
        name = f"{hashlib.sha256(os.fsencode(self.sites_dir)).hexdigest()[:16]}.sock"
        note = FileLock(self.data / "socket")
        try:
            if not note.wait(10):
                raise ConfigError(f"{note.path} stays locked; end the process that holds it")
            noted = Path(note.read())
            if noted.name == name and _is_private(noted.parent):
                return noted
            chosen = _choose(name)
            note.write(str(chosen))
            return chosen
        finally:
            note.close()

    def open_log(self) -> int:
        """Returns a descriptor to append to the log, which begins anew when it has grown long."""
        too_long = self.log.exists() and self.log.stat().st_size > LONGEST_LOG
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if too_long else os.O_APPEND), 0o600)

    def last_words(self, lines: int = 5) -> str:
        """Returns the end of the log, for messages."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def answers(path: Path, timeout_s: float = 1.0) -> bool:
    """Returns whether a server answers PING on the socket; asks without the client library, which is slow to load."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def _choose(name: str) -> Path:
    reasons = []
    for base in _bases():
        folder = base / f"doclife-{os.geteuid()}"
        if len(os.fsencode(folder / name)) > LONGEST_SOCKET_PATH:
            reasons.append(f"{base}: the path would be too long")
            continue
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            reasons.append(f"{base}: {error}")
            continue
        if _is_private(folder):
            return folder / name
        reasons.append(f"{folder} is not a folder of this user alone (mode 0700)")
    raise ConfigError(
        f"the embedded broker finds no folder for its socket: {'; '.join(reasons)}. "
        "Set XDG_RUNTIME_DIR to a folder that only you can enter, or name a server in redis_url"
    )


def _bases() -> Iterator[Path]:
    from doclife.core.config import environment  # only whoever chooses pays for the import

    if runtime := environment("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield Path(tempfile.gettempdir())
    yield Path("/tmp")  # noqa: S108 - a folder in it is made with mode 0700 and its owner checked


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
