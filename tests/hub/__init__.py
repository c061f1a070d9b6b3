"""A hub: several processes of one node on one PostgreSQL, held to what a node on SQLite promises (`make hub`)."""
