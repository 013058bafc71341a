"""Networks from the layers of a geographic information system, and back to them."""
