"""What more cameras need: disks, network, electricity, money (docs/capacity.md)."""
