"""Search and planning: each folder knows a problem, and none knows a simulated system."""
