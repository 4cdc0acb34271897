"""How gradient steps are computed: the device, the optimiser, and the work that they take."""
