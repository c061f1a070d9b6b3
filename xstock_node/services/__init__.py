"""Services: one module an arrow of the data's way; the only place that joins layers."""
