"""Where settings come from, which of two sources wins, and what is said of a bad one."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from doclife.core import config
from doclife.core.errors import ConfigError, UnknownSiteError
from doclife.core.locks import FileLock
from doclife.core.settings import QueueSettings, Settings


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    folder = tmp_path / "my sites"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "site_config.json").write_text("{}")
    return folder


def common(sites: Path, text: str) -> None:
    (sites / "common_site_config.json").write_text(text)


def own(sites: Path, text: str) -> None:
    (sites / "shop" / "site_config.json").write_text(text)


def load(sites: Path, environ: dict[str, str] | None = None, **flags: object) -> config.Loaded:
    return config.load_settings(sites, "shop", environ=environ or {}, flags=flags)


def test_nothing_said_gives_the_defaults(sites: Path) -> None:
    loaded = load(sites)
    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {"default"}


def test_each_source_beats_the_one_below(sites: Path) -> None:
    names = ["db_pool_size", "time_zone", "log_level", "catch_up", "redis_url"]
    common(sites, '{"db_pool_size": 1, "time_zone": "Asia/Tokyo", "log_level": "error", "catch_up": "all"}')
    own(sites, '{"db_pool_size": 2, "time_zone": "Europe/Berlin", "log_level": "warning"}')
    environ = {"DOCLIFE_DB_POOL_SIZE": "3", "DOCLIFE_TIME_ZONE": "America/Lima"}
    loaded = load(sites, environ, db_pool_size=4, redis_url=None)
    assert [getattr(loaded.settings, name) for name in names] == [4, "America/Lima", "warning", "all", "embedded"]
    assert [loaded.sources[name] for name in names] == [
        "--db-pool-size",
        "DOCLIFE_TIME_ZONE",
        str(sites / "shop" / "site_config.json"),
        str(sites / "common_site_config.json"),
        "default",
    ]


def test_without_a_site_only_the_common_file_counts(sites: Path) -> None:
    common(sites, '{"db_pool_size": 7}')
    own(sites, '{"db_pool_size": 8}')
    assert config.load_settings(sites, None, environ={}).settings.db_pool_size == 7


def test_objects_are_merged_value_by_value(sites: Path) -> None:
    common(sites, '{"workers": {"long": {"timeout": 100, "background_workers": 2}, "mail": {}}}')
    own(sites, '{"workers": {"mail": {"timeout": 60}}}')
    loaded = load(sites, {"DOCLIFE_WORKERS__LONG__TIMEOUT": "200"})
    assert loaded.settings.workers == {
        "long": QueueSettings(timeout=200, background_workers=2),
        "mail": QueueSettings(timeout=60, background_workers=1),
    }
    assert loaded.sources["workers.long.timeout"] == "DOCLIFE_WORKERS__LONG__TIMEOUT"
    assert loaded.sources["workers.long.background_workers"] == str(sites / "common_site_config.json")


def test_a_queue_without_timeout_keeps_its_own_or_gets_300(sites: Path) -> None:
    common(sites, '{"workers": {"long": {"background_workers": 2}, "mail": {}, "fax": {"timeout": 5}}}')
    expected = {"short": 300, "default": 300, "long": 1500, "mail": 300, "fax": 5}
    assert load(sites).settings.queues() == expected
    assert list(load(sites).settings.queues()) == list(expected)


def test_words_of_the_environment_mean_what_the_setting_needs(sites: Path) -> None:
    environ = {
        "DOCLIFE_INSTALLED_APPS": "shop, till",
        "DOCLIFE_STRICT": "true",
        "DOCLIFE_PAUSE_SCHEDULER": "0",
        "DOCLIFE_SCHEDULER_TICK_INTERVAL": "0.5",
        "DOCLIFE_WORKERS": '{"mail": {"timeout": 9}}',
        "DOCLIFE_DB_URL": "",
    }
    own(sites, '{"db_url": "sqlite:///x.db"}')
    settings = load(sites, environ).settings
    assert settings.installed_apps == ["shop", "till"]
    assert (settings.strict, settings.pause_scheduler, settings.scheduler_tick_interval) == (True, False, 0.5)
    assert settings.workers == {"mail": QueueSettings(timeout=9)}
    assert settings.db_url == "sqlite:///x.db"  # an empty variable says nothing
    assert load(sites, {"DOCLIFE_INSTALLED_APPS": '["a", "b"]'}).settings.installed_apps == ["a", "b"]


def test_numbers_and_flags_of_frappe_files_are_taken(sites: Path) -> None:
    common(sites, '{"server_script_enabled": 1, "scheduler_interval": "30"}')
    settings = load(sites).settings
    assert settings.server_script_enabled is True
    assert settings.scheduler_tick_interval == 30.0


def test_variables_that_are_no_settings_are_left_alone(sites: Path) -> None:
    environ = dict.fromkeys(["DOCLIFE_SITE", "DOCLIFE_SITES_DIR", "DOCLIFE_DEBUG", "DOCLIFE_TEST_REDIS_URL"], "x")
    assert load(sites, environ).settings == Settings()


@pytest.mark.parametrize("variable", ["PYTEST_VERSION", "PYTEST_CURRENT_TEST"])
def test_strict_is_on_where_pytest_runs_unless_set(sites: Path, variable: str) -> None:
    loaded = load(sites, {variable: "x"})
    assert (loaded.settings.strict, loaded.sources["strict"]) == (True, "pytest")
    assert load(sites, {variable: "x", "DOCLIFE_STRICT": "0"}).settings.strict is False
    own(sites, '{"strict": false}')
    assert load(sites, {variable: "x"}).settings.strict is False


def test_the_environment_of_the_process_counts(sites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCLIFE_DB_POOL_SIZE", "11")
    loaded = config.load_settings(sites, "shop")
    assert (loaded.settings.db_pool_size, loaded.settings.strict) == (11, True)


BAD = [
    ('{"redis_ur": "x"}', "redis_ur: there is no such setting. Did you mean 'redis_url'?"),
    ('{"zzz": 1}', "zzz: there is no such setting. Known: db_url, redis_url, "),
    ('{"workers": {"mail": {"timeot": 5}}}', "workers.mail.timeot: there is no such setting. Did you mean 'timeout'?"),
    ('{"workers": {"mail": {"timeout": "x"}}}', "workers.mail.timeout: expected int"),
    ('{"workers": {"mail": 5}}', "workers.mail: expected an object, got int"),
    ('{"workers": []}', "workers: expected an object, got array"),
    ('{"installed_apps": ["a", 5]}', "installed_apps[1]: expected str, got int"),
    ('{"db_pool_size": 0}', "db_pool_size: expected int >= 1"),
    ('{"db_url": null}', "db_url: expected str, got null"),
    ('{"queue": "rabbit"}', "queue: got 'rabbit'; it can be rq, memory, inline"),
    ('{"scheduler_interval": 1, "scheduler_tick_interval": 2}', "scheduler_tick_interval: it is given as"),
    ("[]", "the whole: expected an object, got array"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_file_is_refused_by_file_and_path(sites: Path, text: str, message: str) -> None:
    common(sites, text)
    with pytest.raises(ConfigError, match=re.escape(f"{sites / 'common_site_config.json'}: {message}")):
        load(sites)


def test_a_file_that_is_no_json_is_refused_with_its_place(sites: Path) -> None:
    own(sites, '{\n "strict" true}')
    with pytest.raises(ConfigError, match=r"site_config\.json, line 2, column 11: not JSON"):
        load(sites)


def test_a_file_that_is_no_text_is_refused(sites: Path) -> None:
    (sites / "common_site_config.json").write_bytes(b'{"db_url": "\xff"}')
    with pytest.raises(ConfigError, match=r"common_site_config\.json: it cannot be read"):
        load(sites)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DOCLIFE_REDIS_UR", "x", "redis_ur: there is no such setting. Did you mean 'redis_url'?"),
        ("DOCLIFE_STRICT", "maybe", "strict: expected bool"),
        ("DOCLIFE_WORKERS__MAIL__TIMEOUT", "soon", "workers.mail.timeout: expected int"),
        ("DOCLIFE_STRICT__X", "1", "strict: expected bool"),
        ("DOCLIFE_WORKERS", "{", "not JSON"),
    ],
)
def test_a_bad_variable_is_refused_by_name(sites: Path, variable: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^the variable {variable}.*{re.escape(message)}"):
        load(sites, {variable: value})


def test_a_bad_flag_is_refused_by_name(sites: Path) -> None:
    with pytest.raises(ConfigError, match=r"^the option --db-pool-size: db_pool_size: expected int"):
        load(sites, db_pool_size="many")


def test_an_unknown_time_zone_is_refused_with_the_nearest(sites: Path) -> None:
    own(sites, '{"time_zone": "Europe/Berln"}')
    with pytest.raises(ConfigError, match=r"site_config\.json: time_zone: .* Did you mean 'Europe/Berlin'\?"):
        load(sites)
    with pytest.raises(ConfigError, match="DOCLIFE_TIME_ZONE: time_zone"):
        load(sites, {"DOCLIFE_TIME_ZONE": "../etc"})


def test_server_scripts_are_not_for_the_owner_of_a_site(sites: Path) -> None:
    own(sites, '{"server_script_enabled": true}')
    where = re.escape(str(sites / "common_site_config.json"))
    with pytest.raises(ConfigError, match=f"shop.site_config.json: server_script_enabled: .*set it in {where}"):
        load(sites)
    own(sites, "{}")
    with pytest.raises(ConfigError, match="server_script_enabled"):
        config.write_site_config(sites, "shop", {"server_script_enabled": True})
    assert (sites / "shop" / "site_config.json").read_text() == "{}"


def test_the_folder_of_the_sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.find_sites_dir(environ={}) == tmp_path / "sites"
    assert config.find_sites_dir(environ={"DOCLIFE_SITES_DIR": "there"}) == tmp_path / "there"
    assert config.find_sites_dir("/x y", environ={"DOCLIFE_SITES_DIR": "there"}) == Path("/x y")


def test_which_site_is_meant(sites: Path) -> None:
    assert config.find_site(sites, environ={}) == "shop"  # the only one
    config.write_site_config(sites, "bar", {})
    config.write_site_config(sites, "cafe", {})
    assert config.list_sites(sites) == ["bar", "cafe", "shop"]
    with pytest.raises(UnknownSiteError, match=r"holds 3 sites \(bar, cafe, shop\)"):
        config.find_site(sites, environ={})
    config.use_site(sites, "bar")
    assert config.find_site(sites, environ={}) == "bar"
    assert config.find_site(sites, environ={"DOCLIFE_SITE": "cafe"}) == "cafe"
    assert config.find_site(sites, "shop", environ={"DOCLIFE_SITE": "cafe"}) == "shop"


def test_a_site_that_does_not_exist_is_named_with_the_nearest(sites: Path, tmp_path: Path) -> None:
    message = r"There is no site 'shp'\. Did you mean 'shop'\? .* holds shop\."
    for ask in (config.find_site, config.use_site, config.load_settings):
        with pytest.raises(UnknownSiteError, match=message):
            ask(sites, "shp")
    (sites / "currentsite.txt").write_text("shp\n")
    with pytest.raises(UnknownSiteError, match=message):
        config.find_site(sites, environ={})
    with pytest.raises(UnknownSiteError, match="holds no site"):
        config.find_site(tmp_path / "nowhere", environ={})


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b", "a:b", "x" * 65, "shop\n"])
def test_a_name_that_no_folder_may_have_is_refused(sites: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a site"):
        config.site_dir(sites, name)


def test_writing_keeps_comments_and_is_for_the_owner_only(sites: Path) -> None:
    own(sites, '{\n  // ours\n  "db_pool_size": 3,\n}')
    path = config.write_site_config(sites, "shop", {"db_url": "sqlite:///y.db", "db_pool_size": 4})
    assert path.read_text() == '{\n  // ours\n  "db_pool_size": 4,\n  "db_url": "sqlite:///y.db"\n}'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(path.parent)) == [".site_config.json.lock", "site_config.json"]
    config.write_site_config(sites, "shop", {"db_pool_size": None})
    assert load(sites).settings == Settings(db_url="sqlite:///y.db")


WRITER = """
import sys
from pathlib import Path
from doclife.core import config

sys.stdin.readline()
for n in range(40):
    config.write_site_config(Path(sys.argv[1]), "shop", {"workers": None, sys.argv[2]: n + 1})
"""


def test_processes_that_write_at_once_lose_nothing_of_each_other(sites: Path) -> None:
    keys = ["db_pool_size", "scheduler_tick_interval", "sqlite_busy_timeout"]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(sites), key], stdin=subprocess.PIPE, text=True)
        for key in keys
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    for writer in writers:
        writer.communicate()
    settings = load(sites).settings
    assert [getattr(settings, key) for key in keys] == [40, 40, 40]


def test_a_writer_that_waits_too_long_says_so(sites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "WRITE_WAIT_S", 0)
    held = FileLock(sites / "shop" / ".site_config.json.lock")
    assert held.take()
    with pytest.raises(ConfigError, match=r"site_config\.json: another process has been writing it for 0 s"):
        config.write_site_config(sites, "shop", {"strict": True})
    held.close()
    config.write_site_config(sites, "shop", {"strict": True})


def test_writing_replaces_the_other_name_of_a_setting(sites: Path) -> None:
    own(sites, '{"scheduler_interval": 5}')
    config.write_site_config(sites, "shop", {"scheduler_tick_interval": 6.0})
    assert load(sites).settings.scheduler_tick_interval == 6.0


@pytest.mark.parametrize("changes", [{"db_ur": "x"}, {"db_pool_size": "x"}])
def test_a_bad_change_leaves_the_file(sites: Path, changes: dict[str, object]) -> None:
    own(sites, '{"strict": true}')
    with pytest.raises(ConfigError, match="db_"):
        config.write_site_config(sites, "shop", changes)
    assert (sites / "shop" / "site_config.json").read_text() == '{"strict": true}'


def test_a_write_that_fails_leaves_the_file_and_nothing_else(sites: Path) -> None:
    path = sites / "shop" / "site_config.json"
    path.unlink()
    path.mkdir()  # so that the file cannot be put there
    with pytest.raises(ConfigError, match=r"site_config\.json: it cannot be read"):
        config.write_site_config(sites, "shop", {"strict": True})
    current = sites / "currentsite.txt"
    current.mkdir()
    with pytest.raises(ConfigError, match=r"currentsite\.txt: it cannot be written"):
        config.use_site(sites, "shop")
    assert sorted(os.listdir(sites)) == ["currentsite.txt", "shop"]


def test_what_is_shown_hides_secrets(sites: Path) -> None:
    own(sites, '{"db_url": "postgresql+psycopg://me:pw@h/d", "encryption_key": "k", "workers": {"q": {}}}')
    rows = {name: (value, source) for name, value, source in load(sites).shown()}
    assert rows["db_url"] == ("postgresql+psycopg://me:***@h/d", str(sites / "shop" / "site_config.json"))
    assert rows["encryption_key"][0] == "***"
    assert rows["workers.q.background_workers"] == (1, "default")
    assert rows["strict"] == (False, "default")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///site.db", "sqlite:///site.db"),
        ("embedded", "embedded"),
        ("", ""),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("redis://:secret@h:6379/0", "redis://:***@h:6379/0"),
        ("mysql+pymysql://root@h/d", "mysql+pymysql://root@h/d"),
        ("postgresql://u:p/w#x@h:5432/d?sslmode=require", "postgresql://u:***@h:5432/d?sslmode=require"),
        ("postgresql://u:p@w@h/d", "postgresql://u:***@h/d"),
        ("unix:///s.sock?db=1&password=secret&x=1", "unix:///s.sock?db=1&password=***&x=1"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert config.redact(url) == shown


def test_other_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/me")
    monkeypatch.delenv("DOCLIFE_DEBUG", raising=False)
    assert config.environment("XDG_RUNTIME_DIR") == "/run/me"
    assert config.environment("DOCLIFE_DEBUG", "no") == "no"


def test_a_file_cannot_be_the_folder_of_the_sites(tmp_path):
    (tmp_path / "sites").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        config.find_sites_dir(tmp_path / "sites", environ={})
