"""What the tests of real processes share: a configuration, and a service manager that waits for READY."""

import asyncio
import socket
from pathlib import Path

CONFIG = """\
[system]
origin = "test.example"
[paths]
state = "{0}/state"
runtime = "{0}/run"
secrets = "{0}/secrets.json"
[[volume]]
name = "a"
path = "{0}/a"
[keyring]
places = ["{0}/k1", "{0}/k2"]
[keys]
machine_key = "{0}/machine.key"
"""


def write_config(folder: Path, more: str = "") -> Path:
    """A configuration whose every path is in the folder."""
    file = folder / "scelle.toml"
    file.write_text(CONFIG.format(folder) + more)
    (folder / "run").mkdir()
    return file


class ServiceManager:
    """The other end of sd_notify: every state that processes tell."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    async def heard(self, state: str) -> None:
        """Wait until some process has told this state."""
        while await asyncio.get_running_loop().sock_recv(self._socket, 4096) != state.encode():
            pass

    def close(self) -> None:
        self._socket.close()
