"""The training loop: the loss of a batch, the state that changes, and the loop itself."""
