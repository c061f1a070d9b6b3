from tests.vectors.checks.form import Check

CHECKS: dict[str, Check] = {}
