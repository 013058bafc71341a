"""Which truck charges when on which gun: CP-SAT under guns, power limit and tariff."""
