"""Readers of the files that siting problems are exchanged and measured in."""
