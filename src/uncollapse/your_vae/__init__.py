"""Tools for anybody's own VAE: diagnose it, audit its loss, say where to begin, and fix it."""
