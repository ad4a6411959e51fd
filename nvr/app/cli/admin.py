"""`nvr-admin`: for the administrator, who sees no pictures."""

from nvr.app.cli.admin_alarm import alarm
from nvr.app.cli.admin_camera import camera
from nvr.app.cli.admin_hold import hold
from nvr.app.cli.admin_keep import index, ledger, retention
from nvr.app.cli.admin_orders import authorisation
from nvr.app.cli.admin_register import account, point
from nvr.app.cli.common import command_elsewhere, new_app, run
from nvr.app.cli.footage import footage
from nvr.app.cli.person import sign_in

app = new_app(
    "The administrator's tool: cameras, the prefect's order, accounts, retention, holds. It shows no pictures."
)
app.callback()(sign_in)
app.command("footage")(footage)
command_elsewhere(app, "init", "nvr.app.cli.admin_init", "Found a system, from nothing.")
command_elsewhere(app, "shards", "nvr.app.cli.admin_shards", "Which recorder processes there are, with their units.")
volume = new_app("The disks of footage: which they are, how they do, how they come and go.")
_VOLUME = "nvr.app.cli.admin_volume"
command_elsewhere(volume, "list", _VOLUME, "Which disk is which, how it does, what lies there.", "list")
command_elsewhere(volume, "drain", _VOLUME, "Let a disk take nothing new, before it is taken out.", "drain")
command_elsewhere(volume, "smart", _VOLUME, "Ask every disk how it is.", "smart")
command_elsewhere(volume, "add", "nvr.app.cli.admin_volume_add", "One more mounted disk takes footage.")
command_elsewhere(
    volume, "replace", "nvr.app.cli.admin_volume_replace", "Take a dead or drained disk out for good.", of_person=True
)
command_elsewhere(
    volume,
    "check",
    "nvr.app.cli.admin_check",
    "Look whether a disk has the footage that it should have.",
    "volume-check",
)
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
    "volume": volume,
    "alarm": alarm,
}.items():
    app.add_typer(group, name=name)


def main() -> int:
    """The installed command."""
    return run(app)


if __name__ == "__main__":
    raise SystemExit(main())
