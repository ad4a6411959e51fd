"""Rules for every test: what may be skipped, what may block, and how hard Hypothesis looks.

Markers:
    system(*names)  needs the named programs of SYSTEM; where they are missing the test is skipped with the
                    command that installs them. Under CI=true or SYSTEM_PACKAGES=1 it fails instead.
    shared_data     needs the folder ../shared/data, which the fixture `shared_data` gives; the one skip that
                    is always allowed.
    long, fuzz      left out of `make test`; see the Makefile.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import MappingProxyType

import hypothesis
import pytest
from blockbuster import BlockBuster, BlockBusterFunction, blockbuster_ctx

from config import libsrt
from config.database import Location
from tests.canary import Watch, watching
from tests.fuzz.available import HAS_ATHERIS, WITHOUT_ATHERIS
from tests.mounts import may_mount
from tools import postgresql_server

# What tests read is English, here and in the programs that they start; those about French ask for it.
os.environ["LANGUAGE"] = "en"

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"

ON = ("1", "true")
IN_CI = os.environ.get("CI") in ON
NOTHING_SKIPPED = IN_CI or os.environ.get("SYSTEM_PACKAGES") in ON
HOW_TO_INSTALL = "run SYSTEM_PACKAGES=1 make test (it installs Debian packages)"

OUR_CODE = ("access", "config", "nvr", "recorder", "storage")

# The calls on files that the guard does not know of itself.
ALSO_BLOCKING = (
    "os.fdatasync",
    "os.fsync",
    "os.ftruncate",
    "os.open",
    "os.posix_fallocate",
    "os.pread",
    "os.preadv",
    "os.pwrite",
    "os.pwritev",
    "os.writev",
)

MAY_BLOCK: tuple[tuple[str, str], ...] = (
    # file and function that may block on the event loop, with the reason; the fewer the better
)

GSTREAMER_PROBE = """
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
for name in ("x264enc", "x265enc", "h264parse", "h265parse", "rtph264pay", "rtph265pay"):
    assert Gst.ElementFactory.find(name), name
"""


PASSWORDS = Watch()


def _has_gstreamer() -> bool:
    # The bindings belong to the system's Python, never to the venv: such a server runs under /usr/bin/python3.
    try:
        probe = subprocess.run(
            ["/usr/bin/python3", "-c", GSTREAMER_PROBE], capture_output=True, timeout=60, check=False
        )
    except OSError:
        return False
    return probe.returncode == 0


def _has_srt() -> bool:
    # libsrt for us, and an ffmpeg built with it as the camera.
    if libsrt.load() is None:
        return False
    try:
        told = subprocess.run(["ffmpeg", "-hide_banner", "-protocols"], capture_output=True, timeout=60, check=False)
    except OSError:
        return False
    return b"srt" in told.stdout.split()


SYSTEM: MappingProxyType[str, Callable[[], bool]] = MappingProxyType(
    {
        "ffmpeg": lambda: shutil.which("ffmpeg") is not None,
        "ffprobe": lambda: shutil.which("ffprobe") is not None,
        "gstreamer": _has_gstreamer,
        "postgresql": lambda: postgresql_server.programs() is not None,
        "srt": _has_srt,
        "mount": may_mount,
        "openssl": lambda: shutil.which("openssl") is not None,
        "vlc": lambda: shutil.which("cvlc") is not None,
        "systemd-analyze": lambda: shutil.which("systemd-analyze") is not None,
    }
)


@functools.cache
def has_system(name: str) -> bool:
    """Whether the machine has it; asked once per run."""
    return SYSTEM[name]()


hypothesis.settings.register_profile(
    "test",
    deadline=None,  # tests never assert times
    max_examples=50,
    derandomize=IN_CI,  # the same commit gives the same verdict
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "thorough", hypothesis.settings.get_profile("test"), max_examples=2000, derandomize=False
)
hypothesis.settings.load_profile("test")


def pytest_report_header() -> str | None:
    """What this machine leaves out without skipping a test."""
    return None if HAS_ATHERIS else WITHOUT_ATHERIS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A misspelt name must not become a test that never runs."""
    for item in items:
        for name in _system_names(item):
            if name not in SYSTEM:
                raise pytest.UsageError(f"{item.nodeid}: system({name!r}) is not one of {sorted(SYSTEM)}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under CI fail, what this machine can not run."""
    PASSWORDS.begin()
    missing = [name for name in _system_names(item) if not has_system(name)]
    if missing:
        _unavailable(f"needs {', '.join(missing)}: {HOW_TO_INSTALL}")
    if item.get_closest_marker("shared_data") and not SHARED_DATA.is_dir():
        pytest.skip("needs the folder ../shared/data beside the checkout")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A password that was told is a failure. Under CI a skip is one, except for the folder that may be absent."""
    report = yield
    if told := PASSWORDS.found(report.sections):
        report.outcome = "failed"
        report.longrepr = f"a camera's password stands in: {', '.join(told)}"
    data_absent = item.get_closest_marker("shared_data") and not SHARED_DATA.is_dir()
    if NOTHING_SKIPPED and report.skipped and not hasattr(report, "wasxfail") and not data_absent:
        report.outcome = "failed"
        report.longrepr = f"skipped, and nothing may be skipped here: {report.longreprtext}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a file that skips itself while it is read."""
    report = yield
    if NOTHING_SKIPPED and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, and nothing may be skipped here: {report.longreprtext}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _nothing_blocks_the_loop() -> Iterator[BlockBuster]:
    """A call of our code that blocks while an event loop runs in this thread fails the test."""
    # Imported only now: they choose their language when they are imported.
    from nvr.app.process import load_texts  # noqa: PLC0415
    from nvr.app.words import WORDS  # noqa: PLC0415

    load_texts()  # as a role does before its loop begins
    WORDS.load("en")  # commands have no loop, but tests call them within one
    with blockbuster_ctx(list(OUR_CODE)) as guard:
        for call in ALSO_BLOCKING:
            guard.functions[call] = BlockBusterFunction(None, call, scanned_modules=list(OUR_CODE))
        guard.activate()
        for function in guard.functions.values():
            for file, name in MAY_BLOCK:
                function.can_block_in(file, name)
        yield guard


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_watched() -> Iterator[None]:
    """What cameras are given in any test is noted; `pytest_runtest_makereport` looks whether it was told."""
    with watching(PASSWORDS):
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgresql_server.Server]:
    """One server for all tests of this process; mark the test `system("postgresql")`."""
    server = postgresql_server.Server()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system("postgresql"))])
def new_location(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Location]:
    """Gives places of databases that are not there yet: what is said of one kind is said of both."""
    if request.param == "sqlite":
        return lambda: tmp_path_factory.mktemp("database") / "some.db"
    server: postgresql_server.Server = request.getfixturevalue("postgresql")
    return server.fresh


@pytest.fixture
def location(new_location: Callable[[], Location]) -> Location:
    """One of them."""
    return new_location()


@pytest.fixture
def shared_data() -> Path:
    """The folder of real footage, camera answers and proofs; mark the test `shared_data` as well."""
    return SHARED_DATA


def _unavailable(reason: str) -> None:
    if NOTHING_SKIPPED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _system_names(item: pytest.Item) -> list[str]:
    return [name for mark in item.iter_markers("system") for name in mark.args]
