"""`nvr`: the server itself."""

from nvr.app.cli.common import command_elsewhere, new_app, run
from nvr.app.cli.nvr_run import run as run_server
from nvr.app.cli.nvr_run import status

app = new_app("The recorder's server: run it, look at it, try it, verify what it made.")
app.command("run")(run_server)
app.command("status")(status)
command_elsewhere(app, "demo", "nvr.app.cli.nvr_demo", "Try the whole system with simulated cameras.")
command_elsewhere(app, "verify", "nvr.app.cli.verify", "Check a bundle, a sealed segment or a ledger, offline.")


def main() -> int:
    """The installed command."""
    return run(app)


if __name__ == "__main__":
    raise SystemExit(main())
