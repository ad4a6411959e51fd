"""The prefect's orders, and how long they let footage be kept."""
