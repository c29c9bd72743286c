"""The same requests to the reference server and to Apus: every difference is agreed upon in known.json."""

from __future__ import annotations

import os

import pytest

from table import all_cases, differences

TABLE = all_cases()
AGAINST_ITSELF = os.environ.get("APUS_DIFFERENTIAL_AGAINST") == "reference"


@pytest.mark.parametrize("case", TABLE)
def test_apus_answers_as_the_reference(case, answers, known):
    reference, apus = answers[0][case], answers[1][case]
    found = differences(TABLE[case], reference, apus)
    left = found if AGAINST_ITSELF else known.unexplained(case, found, reference, apus)
    if left:
        pytest.fail(f"{case}\n" + "\n".join(map(str, left)), pytrace=False)


def test_no_agreed_difference_is_stale(request, known):
    if AGAINST_ITSELF or len(request.session.items) <= len(TABLE):
        pytest.skip("only a whole run against Apus can tell")
    assert known.stale() == []


def test_the_table_is_large_enough():
    assert len(TABLE) >= 4_500
