"""`nvr-export`: for the officer and the validator, from the requisition to the bundle."""

from nvr.app.cli.common import command_elsewhere, new_app, run
from nvr.app.cli.export_bundle import export
from nvr.app.cli.export_grant import grant
from nvr.app.cli.export_requisition import requisition
from nvr.app.cli.export_sitting import sitting
from nvr.app.cli.footage import footage
from nvr.app.cli.person import sign_in

app = new_app("The officer's and the validator's tool: from the requisition to the bundle that is handed over.")
app.callback()(sign_in)
app.add_typer(requisition, name="requisition")
app.add_typer(grant, name="grant")
app.add_typer(sitting, name="sitting")
app.command("export")(export)
app.command("footage")(footage)
command_elsewhere(app, "verify", "nvr.app.cli.verify", "Check a bundle, offline.")


def main() -> int:
    """The installed command."""
    return run(app)


if __name__ == "__main__":
    raise SystemExit(main())
