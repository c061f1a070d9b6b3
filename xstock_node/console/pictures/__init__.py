"""Pictures of the console: typed data in, SVG and the rows of its table twin out. Pure; no file, no clock, no colour.

- Every figure that is drawn is also in the twin, in words; the picture is never the only way to it.
- Text is measured, wrapped and placed, so that nothing overlaps and nothing is cut.
- Kinds differ by shape or hatching, never by colour alone; colours are given by classes (static/pictures.css).
- A picture is drawn for a width: NARROW for phones, WIDE for the rest; the page shows the one that fits.
"""
