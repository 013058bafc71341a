"""Which crew drives which route of the week: rests, qualifications, hours and fairness, CP-SAT."""
