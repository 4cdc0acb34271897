"""What the stages share: paths, worker processes, the cache of seeds, the status of cells."""
