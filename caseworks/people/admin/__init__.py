"""人员与机构: the administrators' pages. What changes roles goes through the operations; auditors look only. (N6.2)"""

from caseworks.people.admin import appointments, offices, persons, sign_ins

__all__ = ["appointments", "offices", "persons", "sign_ins"]
