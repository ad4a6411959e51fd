"""Compiles the texts when the program is built or installed, editable too; hatchling runs it."""

import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Makes the .mo files, which the wheel takes along as its artifacts."""

    PLUGIN_NAME = "catalogues"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the files are collected; `version` is "standard" or "editable"."""
        del version, build_data
        # A process of its own: hatchling loads this file by its path, and knows no package `tools`.
        subprocess.run([sys.executable, "-m", "tools.catalogues"], cwd=self.root, check=True)
