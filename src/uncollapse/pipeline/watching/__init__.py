"""What only watches a run: its status, times, lifetime and freshness. Nothing here can change a number."""
