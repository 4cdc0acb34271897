"""What the runs of a grid say, as tables and verdicts; nothing here draws, or writes HTML."""
