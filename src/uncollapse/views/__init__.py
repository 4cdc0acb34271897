"""What one looks at, of a trained VAE: no numbers."""
