"""Sites with capacity: a Lagrangian bound, branch and bound, and programs for HiGHS."""
