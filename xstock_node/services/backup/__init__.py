"""Back-ups of a data folder: made while the node runs, encrypted, rehearsed, restored on another machine."""
