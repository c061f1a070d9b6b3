"""Power cuts of the node's own storage: a process is recorded, and every state in which a disk may be left is tried."""
