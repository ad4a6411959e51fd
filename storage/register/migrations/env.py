"""Runs the migrations on the connection that `storage.register.database` hands over."""

from alembic import context

from storage.register.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
with context.begin_transaction():
    context.run_migrations()
