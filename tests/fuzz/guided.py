"""The coverage-guided engine: `python -m tests.fuzz.guided TARGET [libFuzzer options and corpus directories]`.

It wants atheris, a development dependency where a wheel of it exists.
"""

import sys

import atheris

with atheris.instrument_imports(include=["recorder"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], TARGETS[name].run)
    atheris.Fuzz()
