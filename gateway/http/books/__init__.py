"""Books that a gateway makes: their folders in the store, and the runs that speak and write them."""
