"""A certificate source as a province might add one."""

from subsidies.lookups import Answer


def always(id_no: str, cert_no: str) -> Answer:
    """Knows every certificate."""
    return Answer("证书全国联网查询", True, "6-31-01-03", "电工", 4, "2024-02-10", "示例评价机构", "skill_level")
