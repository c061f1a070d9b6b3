"""Columns that a person named: of one reading of a pivot, its places are not among them."""


def told_columns(columns: dict[str, str]) -> dict[str, str]:
    """The columns without the places of a pivot, which several headers of quantities are; they are found again."""
    several = sum(1 for field in columns.values() if field == "quantity") > 1
    return {header: field for header, field in columns.items() if not (several and field == "quantity")}
