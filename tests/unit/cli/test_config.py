"""config show: every setting, its source, and no secret."""

from __future__ import annotations

import json

SITE = (
    '{"db_url": "postgresql://shop:pw-of-db@db.example/x", "encryption_key": "pw-of-key", "time_zone": "Europe/Oslo"}'
)


def test_values_come_with_their_sources(fresh):
    fresh.write(
        {
            "sites/common_site_config.json": '{"time_zone": "UTC", "log_level": "warning"}',
            "sites/shop/site_config.json": SITE,
        }
    )
    done = fresh.spawn("config", "show", "--json", env={"DOCLIFE_DB_POOL_SIZE": "2"})
    shown = {row["setting"]: (row["value"], row["source"]) for row in json.loads(done.stdout)}
    assert shown["time_zone"] == ("Europe/Oslo", f"{fresh.sites}/shop/site_config.json")
    assert shown["log_level"] == ("warning", f"{fresh.sites}/common_site_config.json")
    assert shown["db_pool_size"] == (2, "DOCLIFE_DB_POOL_SIZE")
    assert shown["redis_url"] == ("embedded", "default")
    assert shown["db_url"][0] == "postgresql://shop:***@db.example/x"
    assert shown["encryption_key"][0] == "***"
    assert "pw-of" not in done.stdout + fresh.ok("config", "show")


def test_without_a_site_it_shows_what_holds_for_all(fresh):
    lines = fresh.ok("config", "show").splitlines()
    assert lines[0].split() == ["SETTING", "VALUE", "SOURCE"]
    assert ["strict", "true", "pytest"] in [line.split() for line in lines]
    assert fresh.run("--site", "shop", "config", "show").exit_code == 2


def test_a_setting_that_does_not_exist_is_refused(fresh):
    fresh.write({"sites/shop/site_config.json": '{"time_zon": "UTC"}'})
    done = fresh.run("config", "show")
    assert done.exit_code == 2
    assert "site_config.json: time_zon: there is no such setting. Did you mean 'time_zone'?" in done.stderr


def test_config_alone_shows_the_settings(project):
    assert project.ok("config") == project.ok("config", "show")
