"""What `sfsync setup` puts into an org, and takes away again: read, compared, deployed."""
