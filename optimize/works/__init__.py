"""Which works to build first under a budget, where only a simulation knows what a set is worth."""
