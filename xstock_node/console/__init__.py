"""The console: web pages for the people of a node, drawn on the server over the routes of the API."""
