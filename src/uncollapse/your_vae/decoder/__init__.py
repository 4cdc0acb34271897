"""What a decoder does with z: the parts of `uncollapse.reads`."""
