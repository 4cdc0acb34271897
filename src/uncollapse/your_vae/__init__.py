"""Tools for anybody's own VAE: diagnose it, audit its loss, predict its collapse, and fix it."""
