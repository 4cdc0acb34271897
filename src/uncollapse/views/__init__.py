"""Views of a trained VAE: pictures, sentences and maps, to look at rather than to measure."""
