"""One process at a time changes a site."""

from __future__ import annotations

import shutil
import threading

import pytest

from doclife.core.errors import ConfigError
from doclife.site import locking
from doclife.site.locking import setup_lock


def test_who_waits_too_long_is_told_where(tmp_path, monkeypatch):
    monkeypatch.setattr(locking, "WAIT_S", 0)
    with setup_lock(tmp_path):
        said = f"another process has been installing, migrating or dropping the site in {tmp_path} for more than 0 s"
        with pytest.raises(ConfigError, match=said), setup_lock(tmp_path):
            pass
    with setup_lock(tmp_path):
        pass


def test_a_site_that_was_dropped_while_one_waited_is_gone(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    failures = []

    def wait():
        try:
            with setup_lock(folder):
                pass
        except ConfigError as error:
            failures.append(str(error))

    with setup_lock(folder):
        waiting = threading.Thread(target=wait)
        waiting.start()
        shutil.rmtree(folder)
    waiting.join(30)
    # it has opened the file before it went, or found the folder gone
    assert len(failures) == 1
    assert "has been dropped meanwhile" in failures[0] or "cannot be locked" in failures[0]
