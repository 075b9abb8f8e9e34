"""doclife.utils as apps import it."""

import subprocess
import sys

from doclife import utils


def test_every_public_name_is_there_once():
    assert utils.__all__ == sorted(set(utils.__all__))
    assert all(hasattr(utils, name) for name in utils.__all__)


def test_it_brings_no_library_along():
    script = "import sys, doclife.utils; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    foreign = {"dateutil", "sqlalchemy", "msgspec", "structlog", "secrets", "difflib"}
    assert not foreign & set(done.stdout.split())
