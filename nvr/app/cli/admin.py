"""`nvr-admin`: for the administrator, who sees no pictures."""

from nvr.app.cli.admin_alarm import alarm
from nvr.app.cli.admin_camera import camera
from nvr.app.cli.admin_keep import hold, index, ledger, retention
from nvr.app.cli.admin_register import account, authorisation, point
from nvr.app.cli.common import command_elsewhere, new_app, run
from nvr.app.cli.person import sign_in

app = new_app(
    "The administrator's tool: cameras, the prefect's order, accounts, retention, holds. It shows no pictures."
)
app.callback()(sign_in)
command_elsewhere(app, "init", "nvr.app.cli.admin_init", "Found a system, from nothing.")
command_elsewhere(app, "shards", "nvr.app.cli.admin_shards", "Which recorder processes there are, with their units.")
_BACKUP = "nvr.app.cli.admin_backup"
command_elsewhere(app, "backup", _BACKUP, "Copy all but the footage to a medium, while everything runs.", "backup")
command_elsewhere(app, "backup-key", _BACKUP, "Make the identity that opens backups.", "backup-key")
command_elsewhere(app, "restore", _BACKUP, "Put a backup onto an empty server.", "restore")
for name, group in {
    "camera": camera,
    "point": point,
    "authorisation": authorisation,
    "account": account,
    "retention": retention,
    "hold": hold,
    "ledger": ledger,
    "index": index,
    "alarm": alarm,
}.items():
    app.add_typer(group, name=name)


def main() -> int:
    """The installed command."""
    return run(app)


if __name__ == "__main__":
    raise SystemExit(main())
