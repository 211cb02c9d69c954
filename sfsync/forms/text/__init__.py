"""Text to glyphs and lines: fonts, shaping, direction, where lines may break."""
