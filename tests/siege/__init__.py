"""A siege of one real node: bombs, held sockets, floods; figures as JSON lines."""
