"""Transport: the only sockets between nodes. HTTP to an `Answering`, and a `Peer` to HTTP."""
