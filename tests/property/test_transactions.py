"""Whatever is nested in whatever, and wherever it fails: what survives is what a plain model says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from structlog.testing import capture_logs

from doclife.core.context import current
from tests.property.transactions import MachineItem, MachineRow, Model, Real, connect, run, scripts


@pytest.fixture(params=["real", "outer"])
def world(request, committed_site):
    """A site with real transactions, and one inside the outer transaction of a test."""
    if request.param == "outer":
        site = request.getfixturevalue("site")
        site.use(MachineItem)
        connect(site)
        yield site
        return
    for cls in (MachineItem, MachineRow):
        cls.__table__.create(committed_site.database.engine)
        committed_site.doctypes[cls.meta.doctype] = cls
    connect(committed_site)
    with committed_site.work():
        yield committed_site


def _check(site, script):
    model, real = Model(), Real(site)
    real.forget()
    for actions, verb in script:
        for each in (model, real):
            for action in actions:
                run(each, [_caught(action)])
        assert real.seen == model.seen
        assert real.visible() == model.visible()
        assert real.stored() == model.stored()
        with capture_logs():
            model.end(verb)
            real.end(verb)
        assert real.seen == model.seen
        assert real.committed == model.committed
        assert real.committed_jobs == model.committed_jobs
        assert real.released == model.committed_jobs
    assert current().operations == []


def _caught(action):
    """At the root every failure is caught: a request or a job has ended then."""
    action.caught = True
    return action


def _search(site, **options):
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], **options)
    @given(scripts)
    def check(script):
        site.on_release.clear()
        _check(site, script)

    check()


def test_what_survives_is_what_the_model_says(world):
    _search(world, max_examples=250, derandomize=True)


@pytest.mark.slow
def test_what_survives_is_what_the_model_says_in_many_random_trials(world):
    _search(world, max_examples=3000)
