"""Who may import what, below the grain of the layers that import-linter holds.

The rules name modules that the design names, present or not: a rule bites from the day its module appears.
"""

import subprocess
import sys
from types import MappingProxyType

import pytest

from tests.contract.source import product, within

PICTURES = ("access.export", "access.review", "nvr.sim")

ONLY_IN: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        # decoders and containers: where pictures are handled; a recorder module that needs one joins by name
        "aiortc": PICTURES,
        "av": (*PICTURES, "recorder.demux.reader", "recorder.health.decoding"),  # the one demuxes and never decodes
        "cv2": (*PICTURES, "recorder.health.scoring", "nvr.app.roles.health"),
        # what sees pictures runs in a process of its own
        "recorder.health.decoding": ("nvr.app.roles.health",),
        "recorder.health.scoring": ("nvr.app.roles.health",),
        # HTTP is one way in, and it is in access
        "fastapi": ("access",),
        "starlette": ("access",),
        # what cameras send over HTTP and in XML is read in one place, with bounds
        "h11": ("recorder.onvif.http",),
        "xml": ("recorder.onvif", "nvr.sim.onvif"),
        # what speaks to the world outside runs in a process of its own, that is killed in time
        "apprise": ("nvr.app.watch.by_apprise",),
        "smtplib": ("nvr.app.watch.mail",),
        # no requisition, no picture: what opens records has one caller
        "storage.vault.unseal": ("access.release", "storage.vault.unseal"),
        # the simulator is for the demo, tests and benchmarks
        "nvr.sim": ("nvr.app", "nvr.sim"),
        # nobody imports the composition
        "nvr.app": ("nvr.app",),
    }
)

SEES_PICTURES = ("cv2", "recorder.health.decoding", "recorder.health.scoring")

CUSTODIANS_PART = ("storage.vault.share", "nvr.app.cli.custodian")


@pytest.mark.parametrize("imported", ONLY_IN)
def test_import_is_refused_outside_the_modules_that_own_it(imported: str) -> None:
    intruders = [
        f"{module.path}:{found.line} imports {found.target}"
        for module in product().modules.values()
        for found in module.imports
        if within(found.target, imported)
        if not any(within(module.name, owner) for owner in ONLY_IN[imported])
    ]
    assert not intruders, "\n".join(intruders)


def test_base_needs_the_standard_library_alone() -> None:
    allowed = ("nvr.base", *sys.stdlib_module_names)
    foreign = [
        line for line, target in _imports_of("nvr.base") if not any(within(target, permitted) for permitted in allowed)
    ]
    assert not foreign, "\n".join(foreign)


def test_simulator_knows_nothing_of_the_recorder_that_it_plays_against() -> None:
    ours = {name.partition(".")[0] for name in product().modules}
    known = [
        line
        for line, target in _imports_of("nvr.sim")
        if target.partition(".")[0] in ours and not within(target, "nvr.base") and not within(target, "nvr.sim")
    ]
    assert not known


@pytest.mark.parametrize("module", CUSTODIANS_PART)
@pytest.mark.parametrize("decoder", ["av", "cv2"])
def test_custodians_part_loads_no_decoder_even_indirectly(module: str, decoder: str) -> None:
    loaded = product().loaded_by(module)
    # aiortc decodes through av: it counts as av.
    paths = [" -> ".join(path) for name, path in loaded.items() if within(name, decoder) or within(name, "aiortc")]
    assert not paths, "\n".join(paths)


@pytest.mark.parametrize("module", [f"nvr.app.roles.{role}" for role in ("recorder", "keeper", "access", "watch")])
@pytest.mark.parametrize("decoder", SEES_PICTURES)
def test_no_role_loads_what_looks_at_pictures(module: str, decoder: str) -> None:
    paths = [" -> ".join(path) for name, path in product().loaded_by(module).items() if within(name, decoder)]
    assert not paths, "\n".join(paths)


def _imports_of(package: str) -> list[tuple[str, str]]:
    return [
        (f"{module.path}:{found.line} imports {found.target}", found.target)
        for module in product().modules.values()
        if within(module.name, package)
        for found in module.imports
    ]


def test_recorder_of_a_town_without_a_second_source_loads_no_ffmpeg() -> None:
    begins = "import sys, nvr.app.roles.recorder; sys.exit(sum(name == 'av' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", begins], check=False).returncode == 0
