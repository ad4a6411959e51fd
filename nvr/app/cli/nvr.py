"""`nvr`: the server itself."""

from nvr.app.cli.common import new_app, run
from nvr.app.cli.nvr_demo import demo
from nvr.app.cli.nvr_run import run as run_server
from nvr.app.cli.nvr_run import status
from nvr.app.cli.verify import verify

app = new_app("The recorder's server: run it, look at it, try it, verify what it made.")
app.command("run")(run_server)
app.command("demo")(demo)
app.command("status")(status)
app.command("verify")(verify)


def main() -> int:
    """The installed command."""
    return run(app)


if __name__ == "__main__":
    raise SystemExit(main())
