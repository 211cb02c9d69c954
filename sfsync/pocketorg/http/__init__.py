"""The wire: requests, bodies, logins."""
