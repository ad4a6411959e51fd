"""The keeper's core: what it does with spools, ledger, index, keyring and volumes (docs/design/processes.md)."""
