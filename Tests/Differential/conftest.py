"""Both servers, and the answers of both to every selected case, once per session."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "Support")]

from servers import ApusServer, ReferenceServer  # noqa: E402

from table import Known, run_on_both, scenarios_of  # noqa: E402


@pytest.fixture(scope="session")
def answers(request):
    """Answers of the reference and of Apus, by case id, to the scenarios of the selected tests.

    With APUS_DIFFERENTIAL_AGAINST=reference a second reference server stands in for Apus: then nothing may
    differ, which proves that the table itself is deterministic.
    """
    calls = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    selected = [params["case"] for params in calls if "case" in params]
    other = ReferenceServer if os.environ.get("APUS_DIFFERENTIAL_AGAINST") == "reference" else ApusServer
    with ReferenceServer() as reference, other() as apus:
        yield run_on_both(reference, apus, scenarios_of(selected))


@pytest.fixture(scope="session")
def known():
    return Known()
