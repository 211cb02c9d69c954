"""A day of the world in seconds: the real worker on a pocket org, with a clock, a network and people made of a seed."""
