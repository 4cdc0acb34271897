"""Examples that a VAE generates, and a map of its latents in a plane."""
