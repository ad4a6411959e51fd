"""People and the law: accounts, requisitions, release, review and export."""
