"""The same order form by other engines that pip installs; each in a process of its own."""
