"""Covering: most weight with so many sites, fewest sites for so much, or for everything."""
