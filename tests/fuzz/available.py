"""Whether this machine has atheris: a wheel of it exists for few Pythons and machines."""

from importlib.util import find_spec
from typing import Final

HAS_ATHERIS: Final = find_spec("atheris") is not None
WITHOUT_ATHERIS: Final = "fuzzing: no atheris for this Python or machine, so targets run with Hypothesis only"
