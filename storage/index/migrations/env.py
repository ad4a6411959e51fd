"""Runs the migrations on the connection that `storage.index.database` hands over."""

from alembic import context

from storage.index.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
