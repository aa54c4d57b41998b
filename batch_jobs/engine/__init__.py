"""Where expressions are computed: DuckDB inside the process, or Spark. Both give the same tables."""
