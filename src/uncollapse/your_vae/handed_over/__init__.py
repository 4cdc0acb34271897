"""What people hand over, read and checked."""
