"""What a template may say, which fields it reads, and its mistakes with their places."""
