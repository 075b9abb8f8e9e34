"""A missing server is a skip on a developer's machine and a failure in CI."""

from __future__ import annotations

import pytest

from tests.servers import SERVERS, server_url

NOBODY = {
    "postgres": "postgresql+psycopg://postgres@127.0.0.1:1/x",
    "mariadb": "mysql+pymysql://root@127.0.0.1:1/x",
    "redis": "redis://127.0.0.1:1/0",
}


@pytest.mark.parametrize("name", sorted(SERVERS))
@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_missing_server(name: str, ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVERS[name].variable, NOBODY[name])
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match=f"no {name} server at {SERVERS[name].variable}: .*(refused|unreachable)"):
        server_url(name)
