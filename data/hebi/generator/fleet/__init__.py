"""The fleet case: streets of three districts, stops, trucks, sites, territories and a plan."""
