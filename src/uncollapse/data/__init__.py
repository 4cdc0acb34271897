"""Data: sources (a file each), their preparation, and prepared data as training and measures read them."""
