import inspect

import pytest

from access import ports
from storage.register.ports import RegisterLedger
from tests.access.world import Index, Keeper, States


@pytest.mark.parametrize(
    ("port", "double"),
    [
        (ports.LedgerPort, Keeper),
        (RegisterLedger, Keeper),
        (ports.IndexPort, Index),
        (ports.CameraStates, States),
    ],
)
def test_double_has_the_calls_of_its_port(port: type, double: type) -> None:
    for name, call in inspect.getmembers(port, inspect.iscoroutinefunction):
        assert list(inspect.signature(getattr(double, name)).parameters) == list(inspect.signature(call).parameters)
