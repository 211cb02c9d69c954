"""What sfsync costs and how quick it is. Figures are printed, never asserted: machines differ."""
