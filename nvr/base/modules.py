"""How a module of ours is started as a process."""

import sys


def module_command(module: str, *arguments: str) -> tuple[str, ...]:
    """The command of the module, with this interpreter.

    `-P`: what lies in the folder where a person happens to stand is none of ours, and never loaded.
    """
    return (sys.executable, "-P", "-m", module, *arguments)
