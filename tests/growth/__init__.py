"""Growth: what five years of a mid-sized society leave on disk."""
