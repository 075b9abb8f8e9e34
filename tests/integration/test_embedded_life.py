"""The embedded server starts for the first user, is private, and ends after the last."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from redis import Redis

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable, ConfigError
from doclife.core.settings import Settings
from doclife.queue import Ticket, open_broker
from doclife.queue.embedded import acquire, ensure_running
from doclife.queue.places import LONGEST_SOCKET_PATH, Places
from tests.contract.brokers import until
from tests.integration.embedded_processes import Embedded, alive, say, user_process


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "sites"
    folder.mkdir()
    yield folder
    Embedded(folder).gone()


def test_the_first_user_starts_it_and_the_last_ends_it(sites: Path) -> None:
    embedded = Embedded(sites)
    first = acquire(sites)
    assert first.is_running()
    assert first.sites_dir == sites.resolve()
    keeper, server = embedded.keeper, embedded.server
    second = acquire(sites)
    assert (embedded.keeper, embedded.server) == (keeper, server)
    assert second.url == first.url

    assert first.release(wait_s=5) is False, "the second still uses it"
    assert second.is_running()
    assert second.release(wait_s=10) is True
    assert not second.is_running()
    assert not second.socket.exists()
    until(lambda: not alive(keeper))
    assert not alive(server)


def test_a_lease_is_a_context_manager(sites: Path) -> None:
    with acquire(sites) as lease, Redis.from_url(lease.url) as client:
        assert client.ping()
    until(lambda: not lease.is_running())


def test_it_starts_again_after_it_ended(sites: Path) -> None:
    for _ in range(2):
        lease = acquire(sites)
        assert lease.is_running()
        assert lease.release(wait_s=10)


def test_its_configuration(sites: Path) -> None:
    with acquire(sites) as lease, Redis.from_url(lease.url, decode_responses=True) as client:
        wanted = {
            "port": "0", "appendonly": "yes", "appendfsync": "everysec", "save": "",
            "maxmemory-policy": "noeviction", "dir": str(sites.resolve() / ".valkey"), "unixsocketperm": "600",
        }  # fmt: skip
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
        assert client.info("server")["server_name"] == "valkey"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_no_network(sites: Path) -> None:
    with acquire(sites) as lease:
        assert lease.is_running()
        held = set()
        for fd in Path(f"/proc/{Embedded(sites).server}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed in the meantime
                held.add(str(fd.readlink()))
        assert any(name.startswith("socket:") for name in held)
        for table in ("tcp", "tcp6", "udp", "udp6"):
            rows = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
            assert not {f"socket:[{row.split()[9]}]" for row in rows} & held


def test_nobody_else_can_reach_it(sites: Path) -> None:
    with acquire(sites) as lease:
        places = Places.of(sites)
        assert stat.S_IMODE(lease.socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(lease.socket.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(places.data.stat().st_mode) == 0o700
        for path in places.data.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_processes_that_start_it_at_once_share_one(sites: Path) -> None:
    embedded = Embedded(sites)
    with ExitStack() as stack:
        users = [stack.enter_context(user_process(sites)) for _ in range(4)]
        for user in users:
            say(user)
        urls = {user.stdout.readline().strip() for user in users if user.stdout}
        assert len(urls) == 1
        with Redis.from_url(urls.pop(), decode_responses=True) as client:
            assert client.info("server")["process_id"] == embedded.server
        until(lambda: "keeper.started" in embedded.places.log.read_text())
        assert embedded.places.log.read_text().count("keeper.started") == 1
        keeper = embedded.keeper
        assert alive(keeper)
        for user in users[:3]:
            say(user)
            user.wait(10)
        assert alive(keeper), "one user is left"
    until(lambda: not alive(keeper))


def test_a_killed_user_is_no_user(sites: Path) -> None:
    embedded = Embedded(sites)
    with user_process(sites) as user:
        say(user)
        assert user.stdout is not None
        assert user.stdout.readline().startswith("unix://")
        keeper, server = embedded.keeper, embedded.server
        user.kill()
    until(lambda: not alive(keeper) and not alive(server))


def test_a_long_path_with_blanks(tmp_path: Path) -> None:
    sites = tmp_path / ("a folder of business documents ä " * 4).strip() / ("x" * 120) / "sites"
    with acquire(sites) as lease:
        assert lease.is_running()
        assert len(str(sites)) > 250
        assert len(str(lease.socket)) <= LONGEST_SOCKET_PATH
        with Redis.from_url(lease.url) as client:
            assert client.set("a", 1)
    Embedded(sites).gone()


def test_a_relative_path_and_a_link_name_the_same_server(sites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = sites.parent / "link"
    link.symlink_to(sites)
    monkeypatch.chdir(sites.parent)
    with acquire(sites) as lease:
        for other in (Path("sites"), link):
            with acquire(other, start=False) as same:
                assert same.url == lease.url
        assert ensure_running(link) is False


def test_a_copied_folder_has_a_server_of_its_own(sites: Path) -> None:
    copy = sites.parent / "copy"
    with acquire(sites) as lease:
        shutil.copytree(sites, copy)
        with acquire(copy) as other:
            assert other.socket != lease.socket
            assert Embedded(copy).server != Embedded(sites).server
    Embedded(copy).gone()


def test_deleting_the_folder_ends_it(sites: Path) -> None:
    embedded = Embedded(sites)
    with acquire(sites):
        keeper, server = embedded.keeper, embedded.server
        shutil.rmtree(sites)
        until(lambda: not alive(keeper) and not alive(server))
    assert not sites.exists()


def test_without_start_it_is_used_only_if_it_is_there(sites: Path) -> None:
    broker = open_broker(Settings(), "site1", sites, start=False)
    assert broker.ping() is False
    start = monotonic()
    for _ in range(100):
        with pytest.raises(BrokerUnavailable):
            broker.release([Ticket("a")])
    assert monotonic() - start < 0.5, "refused without asking"

    with acquire(sites):
        assert broker.ping() is True, "the same broker finds it when it comes"
        assert broker.release([Ticket("a")]) == 1
        assert broker.pop(["default"], "w") == "a"
    broker.close()


def test_open_broker_starts_it_and_close_gives_it_back(sites: Path) -> None:
    broker = open_broker(Settings(), "site1", sites, start=True)
    embedded = Embedded(sites)
    keeper = embedded.keeper
    assert broker.problems() == []
    assert broker.release([Ticket("a"), Ticket("b")]) == 2
    broker.close()
    until(lambda: not alive(keeper))


def test_the_socket_lies_in_the_runtime_folder(
    sites: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path_factory.getbasetemp().parent / "r"
    runtime.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    with acquire(sites) as lease:
        assert lease.socket.parent.parent == runtime
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        with acquire(sites) as other:
            assert other.socket == lease.socket, "the first one's choice holds for a process without the variable"


def test_a_folder_that_others_can_enter_is_not_used(
    sites: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path_factory.getbasetemp().parent / "open"
    (runtime / f"doclife-{sites.stat().st_uid}").mkdir(parents=True, exist_ok=True)
    (runtime / f"doclife-{sites.stat().st_uid}").chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert not Places.of(sites).socket().is_relative_to(runtime)


def test_a_server_that_cannot_start_is_explained(sites: Path) -> None:
    socket = Places.of(sites).socket()
    socket.mkdir(parents=True)
    try:
        with pytest.raises(BrokerUnavailable, match=r"(?s)does not start; the end of .*valkey\.log:.*[Ss]ocket"):
            acquire(sites)
    finally:
        socket.rmdir()


def test_a_sites_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sites").write_text("")
    with pytest.raises(ConfigError, match="redis_url"):
        acquire(tmp_path / "sites")
