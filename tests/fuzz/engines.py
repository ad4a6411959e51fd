"""Who thinks of the bytes: Hypothesis everywhere, and atheris, guided by coverage, where a wheel of it exists."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from tests.fuzz.targets import Target

SEED: Final = 1
LONGEST_INPUT: Final = 2000
LONG_RUN_S: Final = int(os.environ.get("FUZZ_SECONDS", "300"))
"""How long `make fuzz` lets atheris search in each target."""


def bent(whole: bytes, seed: int) -> bytes:
    """The bytes with a few of them flipped, cut out, doubled or replaced."""
    rng = random.Random(seed)
    data = bytearray(whole)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        length = rng.choice((1, 1, 2, 8, 64))
        change = rng.randrange(4)
        if change == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            del data[at : at + length]
        elif change == 2:
            data[at:at] = data[at : at + length]
        else:
            data[at : at + length] = rng.randbytes(length)
    return bytes(data)


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Any bytes, and good ones that were bent."""
    bendings = st.tuples(st.sampled_from(target.seeds), st.integers(0, 2**48))
    return st.binary(max_size=300) | bendings.map(lambda pair: bent(*pair))


def search(name: str, seeds: Sequence[bytes], folder: Path, *, seconds: int, tell: Callable[[str], None]) -> bool:
    """Let atheris look for so long, with the same seed each time; False when it found something, which it tells."""
    corpus, found = folder / "corpus", folder / "found"
    for each in (corpus, found):
        each.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-seed={SEED}", f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", "-print_final_stats=1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.guided", name, *options, f"-artifact_prefix={found}/", corpus],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    for artefact in sorted(found.iterdir()):
        tell(f"{artefact.name}: {artefact.read_bytes().hex()}")
    if done.returncode:
        tell(done.stderr[-4000:])
    return done.returncode == 0
