"""From one process to many machines: batches and outcomes on their way, by Dramatiq. The org stays the only ledger."""
