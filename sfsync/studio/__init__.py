"""A local page on which an admin tunes settings and templates, and sees the form made anew at each save."""
