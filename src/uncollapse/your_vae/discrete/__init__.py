"""Codes and categories as latents, for `uncollapse.diagnose`."""
