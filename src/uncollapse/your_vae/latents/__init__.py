"""Gaussian latents beside their prior: the parts of `uncollapse.diagnose`."""
