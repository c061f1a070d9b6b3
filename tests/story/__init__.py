"""The story of one operation between two real nodes, by command line and by API."""
