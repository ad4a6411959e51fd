"""The commands that LISEZMOI.txt tells people to run do what it says."""

import re
import subprocess
from pathlib import Path

import pytest

from access.export.readme import readme
from access.export.whereabouts import Interval
from tests.access.footage import FRAME_US, START_UTC_US, Town, codec_of, encode, records_of


@pytest.fixture
def bundle(town: Town) -> Path:
    """A finished bundle."""
    sets, units = encode(50)
    town.seal(records_of(units), codec_of(sets))
    return town.export(town.grant(START_UTC_US + 5 * FRAME_US, START_UTC_US + 9 * FRAME_US)).path


def commands(bundle: Path, part: int) -> str:
    """The indented commands of the French (0) or English (1) part, as a script."""
    text = (bundle / "LISEZMOI.txt").read_text()
    parts = re.findall(r"(?:outils courants :|usual tools:)\n\n(.*?)\n(?:Résultats|Expected)", text, re.DOTALL)
    return "".join(f"{line.removeprefix('  ')}\n" for line in parts[part].splitlines())


def run(bundle: Path, part: int) -> subprocess.CompletedProcess[str]:
    script = ["bash", "-e", "-o", "pipefail", "-c", commands(bundle, part)]
    return subprocess.run(
        script, cwd=bundle, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )


@pytest.mark.system("openssl")
@pytest.mark.parametrize("part", [0, 1], ids=["fr", "en"])
def test_commands_succeed_on_a_good_bundle(bundle: Path, part: int) -> None:
    result = run(bundle, part)
    assert result.returncode == 0, result.stderr
    assert "manifest.json: OK" in result.stdout
    assert "Verified OK" in result.stdout
    assert "Signature Verified Successfully" in result.stdout
    assert result.stdout.splitlines()[-1] == "1"


@pytest.mark.system("openssl")
@pytest.mark.parametrize("file", ["manifest.json", "manifest.sig", "proofs/export.tlog-proof"])
def test_commands_fail_on_a_changed_one(bundle: Path, file: str) -> None:
    data = bytearray((bundle / file).read_bytes())
    data[-5] ^= 1
    (bundle / file).write_bytes(data)
    script = commands(bundle, 0).replace("sha256sum -c manifest-sha256.txt", ":")
    result = subprocess.run(["bash", "-e", "-c", script], cwd=bundle, capture_output=True, check=False)
    assert result.returncode != 0


@pytest.mark.parametrize(
    ("has_footage", "whole", "motion_jpeg", "french", "english"),
    [
        (True, True, False, [], []),
        (False, True, False, ["AUCUNE IMAGE"], ["NO FOOTAGE"]),
        (False, False, False, ["INCOMPLET"], ["NOT WHOLE"]),
        (True, False, True, ["INCOMPLET", "MOTION JPEG"], ["NOT WHOLE", "MOTION JPEG"]),
        (True, True, True, ["MOTION JPEG"], ["MOTION JPEG"]),
    ],
)
def test_what_is_special_of_a_bundle_is_said_in_both_languages(
    has_footage: bool, whole: bool, motion_jpeg: bool, french: list[str], english: list[str]
) -> None:
    made = readme(
        "B",
        "R-2026-000001",
        has_footage=has_footage,
        whole=whole,
        places=[],
        interval=Interval([], 0, 1),
        motion_jpeg=motion_jpeg,
    )
    halves = made.decode().split("WHAT THIS IS")
    notes = r"^(AUCUNE IMAGE|INCOMPLET|NO FOOTAGE|NOT WHOLE|MOTION JPEG) ?:"
    assert [re.findall(notes, half, re.MULTILINE) for half in halves] == [french, english]


def test_text_is_french_first(bundle: Path) -> None:
    text = (bundle / "LISEZMOI.txt").read_text()
    assert text.index("CE QUE C'EST") < text.index("WHAT THIS IS")
    assert "AUCUNE IMAGE" not in text
    assert max(map(len, text.splitlines())) <= 120


def test_text_says_where_the_camera_stood_in_both_languages(bundle: Path) -> None:
    text = " ".join((bundle / "LISEZMOI.txt").read_text().split())
    assert text.count("point 12, place de la Mairie. WGS 84 45.7640000 4.8357000") == 2
    assert "SAISI APRÈS COUP" not in text
