"""Streets: one graph for everyone who drives, its state, travel tables, and its readers."""
