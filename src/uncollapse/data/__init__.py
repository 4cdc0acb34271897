"""Data: sources (one file each), their preparation, and the prepared data that training and measures read."""
