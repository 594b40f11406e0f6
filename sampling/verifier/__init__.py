"""The standalone program that recomputes a draw from its bundle; shipped inside each bundle."""
