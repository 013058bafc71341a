"""Where to put sites: medians, centres, covers and sites with capacity; each answer has a bound."""
