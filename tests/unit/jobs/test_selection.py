"""Which jobs are meant."""

from __future__ import annotations

from datetime import datetime

import pytest

from doclife.core.errors import ValidationError
from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import count_jobs, list_jobs
from doclife.jobs.manage import cancel_job
from doclife.jobs.selection import Selection, seconds_of
from doclife.testing import as_user, make_user, travel_to
from doclife.uow.unit import current_unit

NOTE = "tests.unit.jobs.bodies.note"


@pytest.fixture
def ids(site):
    make_user("ada@example.com")
    found = {}
    with travel_to("2030-03-01 09:00"):
        found["old"] = enqueue(NOTE, job_id="nightly", job_name="Mails")
        with as_user("ada@example.com"):
            found["hers"] = enqueue(NOTE, "long")
        current_unit().commit()
    with travel_to("2030-03-01 10:00"):
        found["later"] = enqueue(NOTE, run_at=datetime(2030, 3, 2))
        found["gone"] = enqueue(NOTE, job_id="gone", job_name="Gone mails")
        current_unit().commit()
        cancel_job(found["gone"].id)
    return {job.id: name for name, job in found.items()}


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ({}, {"old", "hers", "later", "gone"}),
        ({"status": ["queued"]}, {"old", "hers", "later"}),
        ({"status": ["scheduled"]}, {"later"}),
        ({"status": ["scheduled", "cancelled"]}, {"later", "gone"}),
        ({"user": "ada@example.com"}, {"hers"}),
        ({"key": "nightly"}, {"old"}),
        ({"key": "Mails"}, {"old"}),
        ({"key": "gone"}, {"gone"}),
        ({"older_than": 3600}, {"old", "hers"}),
        ({"newer_than": 3599}, {"later", "gone"}),
        ({"older_than": 60, "queue": "long"}, {"hers"}),
        ({"ended_before": 0}, {"gone"}),
        ({"method": "tests.*", "status": ["cancelled"]}, {"gone"}),
    ],
)
def test_conditions_narrow_down(site, ids, terms, names):
    with travel_to("2030-03-01 10:00"):
        selection = Selection(**terms)
        assert {ids[job.id] for job in list_jobs(site.database, selection)} == names
        assert count_jobs(site.database, selection) == len(names)


def test_a_job_for_later_is_shown_as_scheduled(site, ids):
    with travel_to("2030-03-01 10:00"):
        states = {ids[job.id]: (job.status, job.state) for job in list_jobs(site.database)}
    assert states["later"] == ("queued", "scheduled")
    assert states["old"] == ("queued", "queued")


@pytest.mark.one_database
def test_an_unknown_status_names_the_nearest(site):
    with pytest.raises(ValidationError, match=r"no status 'schedul'\. Did you mean 'scheduled'"):
        count_jobs(site.database, Selection(status=["schedul"]))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1.5h", 5400), ("2d", 172800), ("1w", 604800), (" 1 H ", 3600)],
)
def test_durations(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1y", "-1h", "1h30m", "one"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValidationError, match="is no duration; write a number and s, m, h, d or w"):
        seconds_of(text)
