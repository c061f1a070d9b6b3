"""The pages, one file each or a small group."""
