"""Document and its abilities, one file each."""
