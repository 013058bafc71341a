"""p-median: interchange for the value, a Lagrangian bound and branch and bound for the proof."""
