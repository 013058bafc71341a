"""Own search: ruin and recreate with exact labelling of every route that changes."""
