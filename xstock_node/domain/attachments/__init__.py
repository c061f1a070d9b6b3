"""Attachments of an operation: files judged by their content alone, and what is said of them beside their bytes."""
