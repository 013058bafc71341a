"""Where pump trucks should wait, so that they are near the points that will need them."""
