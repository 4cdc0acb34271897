"""The device, the optimiser, and the work that gradient steps take."""
