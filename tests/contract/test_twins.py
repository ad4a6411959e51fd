"""The tests mirror the tree: tests/storage/test_writer.py for storage/writer.py."""

from types import MappingProxyType

from tests.contract.source import ROOT, code, within

SMALL_LINES = 40
"""A module up to this length may be covered by the tests of its callers."""

EXEMPT: MappingProxyType[str, str] = MappingProxyType(
    {
        # module or package: where its tests are instead
        "benchmarks": "they are measurements, and `make bench` runs them",
        "nvr.app": "tests/acceptance plays against the installed programs",
        "nvr.sim.onvif.camera": "plain values; tests/recorder/onvif plays against each of them",
        "storage.records": "plain values; what makes and what seals them is tested",
    }
)


def test_module_has_its_twin_among_the_tests() -> None:
    orphans = []
    for module in code().modules.values():
        if module.lines <= SMALL_LINES or any(within(module.name, exempt) for exempt in EXEMPT):
            continue
        package, _, name = module.name.rpartition(".")
        twin = ROOT.joinpath("tests", *package.split("."), f"test_{name.strip('_')}.py")
        if not twin.exists():
            orphans.append(f"{module.path.relative_to(ROOT)} has no {twin.relative_to(ROOT)}")
    assert not orphans, "\n".join(orphans)
