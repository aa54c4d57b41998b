"""The ledger: every settled snapshot, with what was predicted and what came of it, as a Parquet table."""
