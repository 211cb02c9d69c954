"""PDF files that others made, and what makes a PDF fit for archives."""
