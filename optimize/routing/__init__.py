"""Routes for mixed, electric fleets: stops, disposal sites, chargers, shifts and breaks."""
