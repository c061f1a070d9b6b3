"""EPCIS 2.0 (GS1, ISO/IEC 19987): what happens to the goods of an operation, as events in JSON-LD."""
