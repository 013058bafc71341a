"""p-center: the smallest radius at which so many sites cover everybody."""
