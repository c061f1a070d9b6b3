"""Yesterday's data opens today, and the version before opens what today's wrote."""
