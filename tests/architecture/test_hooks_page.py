"""The apps, tests and commands of docs/hooks.md run as they stand, in an empty folder."""

import re
import subprocess

import pytest

from tests.architecture import pages

PAGE = pages.page("hooks.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return pages.write_files(PAGE, tmp_path_factory.mktemp("hooks_page"))


def test_the_page_as_it_stands(folder):
    assert len(list(folder.rglob("*.py"))) == 9
    printed = pages.run_script(PAGE, folder)
    assert "7 passed" in printed
    chain = re.findall(r"^  \d\. (\S+)$", printed, re.MULTILINE)
    assert chain == ["shop.events.reserve", "books.events.post", "books.events.thank", "books.events.count"]
    (folder / "books" / "hooks.py").write_text(
        (folder / "books" / "hooks.py").read_text().replace("on_packed", "after_submit")
    )
    check = subprocess.run(
        ["doclife", "check"],
        cwd=folder,
        env=pages.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    quoted = re.search(r"^    (books: .*)$", PAGE, re.MULTILINE)
    assert quoted is not None
    assert quoted[1] in check.stdout
