"""The resources below /services/data: one room for each family. Knows nothing of HTTP itself."""
