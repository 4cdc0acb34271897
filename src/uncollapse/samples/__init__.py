"""What a VAE generates, and how its latents are laid out in a plane."""
