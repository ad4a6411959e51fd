"""Ten seconds of every target in each run of the tests, from fixed seeds; minutes of it in `make fuzz`."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.available import HAS_ATHERIS
from tests.fuzz.engines import LONG_RUN_S, SEED, inputs, search
from tests.fuzz.targets import TARGETS

SHORT_RUN_S = 10
EXAMPLES = 150
LONG_EXAMPLES = 20_000

bending = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", TARGETS)
def test_target_holds_its_invariants_from_its_seeds(name: str) -> None:
    for data in TARGETS[name].seeds:
        TARGETS[name].run(data)


@pytest.mark.parametrize("name", TARGETS)
@settings(bending, max_examples=EXAMPLES)
@seed(SEED)
@given(data=st.data())
def test_target_holds_its_invariants_for_bent_bytes(name: str, data: st.DataObject) -> None:
    TARGETS[name].run(data.draw(inputs(TARGETS[name])))


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", TARGETS)
@settings(bending, max_examples=LONG_EXAMPLES)
@given(data=st.data())
def test_target_holds_its_invariants_for_bent_bytes_at_length(name: str, data: st.DataObject) -> None:
    TARGETS[name].run(data.draw(inputs(TARGETS[name])))


if HAS_ATHERIS:  # otherwise the run's header says so: see tests/conftest.py

    @pytest.mark.parametrize("name", TARGETS)
    def test_target_holds_its_invariants_where_coverage_leads(name: str, tmp_path: Path) -> None:
        assert search(name, TARGETS[name].seeds, tmp_path, seconds=SHORT_RUN_S, tell=print)

    @pytest.mark.fuzz
    @pytest.mark.timeout(LONG_RUN_S + 300)
    @pytest.mark.parametrize("name", TARGETS)
    def test_target_holds_its_invariants_where_coverage_leads_at_length(name: str, tmp_path: Path) -> None:
        assert search(name, TARGETS[name].seeds, tmp_path, seconds=LONG_RUN_S, tell=print)
