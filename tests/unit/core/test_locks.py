"""Locks between open files, as two processes would see them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from doclife.core.locks import FileLock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "x.lock"


@pytest.fixture
def pair(path: Path) -> tuple[FileLock, FileLock]:
    path.parent.mkdir()
    return FileLock(path), FileLock(path)


def test_an_exclusive_lock_keeps_all_others_out(pair: tuple[FileLock, FileLock]) -> None:
    first, second = pair
    assert first.take()
    assert not second.take()
    assert not second.take(shared=True)
    assert not second.wait(0.05)
    first.close()
    assert second.wait(0.05)
    second.close()
    second.close()


def test_shared_locks_keep_an_exclusive_one_out(pair: tuple[FileLock, FileLock], path: Path) -> None:
    first, second = pair
    third = FileLock(path)
    assert first.take(shared=True)
    assert second.take(shared=True)
    assert not third.take()
    first.close()
    assert not third.take()
    second.close()
    assert third.take()
    third.close()


def test_a_file_that_was_deleted_or_replaced_is_not_current(pair: tuple[FileLock, FileLock], path: Path) -> None:
    first, second = pair
    assert first.is_current()
    path.unlink()
    assert not first.is_current()
    path.write_text("another")
    assert not first.is_current()
    shutil.rmtree(path.parent)
    assert not second.is_current()
    first.close()
    second.close()


def test_its_text_is_replaced_whole(pair: tuple[FileLock, FileLock]) -> None:
    first, second = pair
    assert second.read() == ""
    first.write("/a/longer/ä text")
    first.write("12")
    assert second.read() == "12"
    first.close()
    second.close()
