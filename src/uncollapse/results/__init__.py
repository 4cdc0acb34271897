"""The results of a grid as tables and verdicts; nothing here draws, and nothing writes HTML."""
