"""`nvr-export`: for the officer and the validator, from the requisition to the bundle."""

from nvr.app.cli.common import new_app, run
from nvr.app.cli.export_bundle import export
from nvr.app.cli.export_grant import grant
from nvr.app.cli.export_requisition import requisition
from nvr.app.cli.person import sign_in
from nvr.app.cli.verify import verify

app = new_app("The officer's and the validator's tool: from the requisition to the bundle that is handed over.")
app.callback()(sign_in)
app.add_typer(requisition, name="requisition")
app.add_typer(grant, name="grant")
app.command("export")(export)
app.command("verify")(verify)


def main() -> int:
    """The installed command."""
    return run(app)


if __name__ == "__main__":
    raise SystemExit(main())
