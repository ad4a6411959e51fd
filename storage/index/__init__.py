"""The index: what footage exists, what was lost, what is held. It follows from the ledger and can be made anew."""
