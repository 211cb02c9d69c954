"""From elements to pages: rows, tables, page breaks, and a PDF's operators."""
