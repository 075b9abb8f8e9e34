"""What a process that runs for long says about its surroundings when it starts."""

from __future__ import annotations

from doclife.core.errors import BrokerUnavailable
from doclife.core.log import get_logger
from doclife.site.runtime import Site

BROKER_PROBLEM = "broker_problem"

log = get_logger(__name__)


def tell_broker_problems(site: Site) -> None:
    """Logs a warning for each thing that is wrong with the broker: its eviction policy, its version, its role."""
    try:
        problems = site.broker.problems()
    except BrokerUnavailable as error:
        problems = [str(error)]
    for problem in problems:
        log.warning(BROKER_PROBLEM, problem=problem)
