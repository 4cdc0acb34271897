"""What a loss really is: the parts of `uncollapse.audit`."""
