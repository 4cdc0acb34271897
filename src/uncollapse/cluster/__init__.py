"""Cells on other machines: a unit that makes one anywhere, and engines that call it for the grid."""
