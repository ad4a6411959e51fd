"""A smartctl that is there, absent, broken, or that a disk keeps waiting: real programs in its place."""

import json
import sys

from nvr.app.volumes.smart import Verdict
from nvr.app.volumes.smartctl import health_of

ANSWER = json.dumps({"smart_status": {"passed": True}, "power_on_time": {"hours": 5}})


def program(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def test_disk_is_asked_by_its_device() -> None:
    said = f"import sys; print({ANSWER!r} if sys.argv[1] == '/dev/cciss/c0d0' else '')"
    health = health_of("cciss!c0d0", program(said))
    assert (health.verdict, health.hours) == (Verdict.OK, 5)


def test_machine_without_smartctl_knows_nothing_and_says_why() -> None:
    health = health_of("sda", ["/nonexistent/smartctl"])
    assert (health.verdict, health.reasons) == (Verdict.UNKNOWN, ("/nonexistent/smartctl: No such file or directory",))


def test_exit_code_is_no_judgement_and_garbage_no_verdict() -> None:
    """smartctl ends with bits set where a disk is bad, and answers all the same."""
    assert health_of("sda", program(f"print({ANSWER!r}); exit(64)")).verdict is Verdict.OK
    assert health_of("sda", program("print('Segmentation fault'); exit(139)")).verdict is Verdict.UNKNOWN


def test_disk_that_keeps_smartctl_waiting_is_waited_for_no_longer() -> None:
    health = health_of("sda", program("import signal; signal.pause()"), limit_s=0.2)
    assert health.verdict is Verdict.UNKNOWN
    assert "did not answer within 0.2 s" in health.reasons[0]
