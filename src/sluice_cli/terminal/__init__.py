"""What commands show and read at a terminal."""
