"""What the documents say is tried: examples are pasted as they stand, links and make targets exist."""

import re
from pathlib import Path

import pytest

from tests.architecture import pages

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def test_the_first_document_of_the_readme_runs_as_it_stands(tmp_path):
    [script] = [block for block in blocks(ROOT / "README.md", "sh") if "order.py" in block]
    # the environment of these tests stands for the one that `make demo` has made
    pasted = "\n".join(line for line in script.splitlines() if not line.startswith(". .venv/bin/activate"))
    assert pasted != script
    done = pages.bash(pasted, tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    order = next(line for line in lines if line.startswith("ORD-"))
    assert re.fullmatch(r"ORD-\d{4}-0001 3\.3", order)
    assert f"delivering {order.split()[0]}" in lines
    assert any("shop.tasks.ask_for_delivery" in line for line in lines)
    assert any("shop/tasks.py:3" in line for line in lines)


@pytest.mark.slow
def test_the_commands_of_the_page_about_apps_print_what_it_says(tmp_path):
    """The commands run in one shell; the lines of the text under them come in their output, in that order."""
    found = re.findall(r"^```(sh|text)\n(.*?)^```", (ROOT / "docs" / "apps.md").read_text(), re.DOTALL | re.MULTILINE)
    assert [kind for kind, _ in found] == ["sh", "text"] * (len(found) // 2)
    scripts, texts = [text for _, text in found[::2]], [text for _, text in found[1::2]]
    done = pages.bash("\necho @@@@\n".join(scripts), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for script, printed, text in zip(scripts, done.stdout.split("@@@@\n"), texts, strict=True):
        lines = iter(printed.splitlines())
        missing = [wanted for wanted in text.splitlines() if not any(wanted in line for line in lines)]
        assert missing == [], f"of {script!r}, which printed {printed}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    missing = [t for t in targets if not t.startswith("http") and not (page.parent / t).exists()]
    assert missing == []


def test_every_make_target_the_pages_name_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        target for page in PAGES for target in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert named - targets == set()
    assert {"demo", "test", "bench"} <= named


def test_every_decision_is_listed_once():
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text())
    assert sorted(listed) == sorted(page.name for page in folder.glob("0*.md"))


def test_the_files_that_pages_point_at_exist():
    paths = {
        path
        for page in PAGES
        for path in re.findall(r"`((?:doclife|example_app|tests|docs|benchmarks)/[\w./-]+)`", page.read_text())
    }
    assert [path for path in sorted(paths) if not (ROOT / path.rstrip("/")).exists()] == []
    inside = {
        path
        for page in [ROOT / "docs" / "glossary.md", ROOT / "docs" / "life-of-a-save.md"]
        for path in re.findall(
            r"`((?:core|database|schema|uow|outbox|events|jobs|query|model|site|worker|queue)/[\w.]*)`",
            page.read_text(),
        )
    }
    assert len(inside) > 20
    assert [path for path in sorted(inside) if not (ROOT / "doclife" / path).exists()] == []
