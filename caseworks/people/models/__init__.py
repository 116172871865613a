"""Offices, people, what they are appointed as, who stands in for whom, and who signed in."""

from caseworks.people.models.appointments import Appointment, DateRange, StandIn
from caseworks.people.models.offices import Office, OfficeRegion
from caseworks.people.models.persons import Person, UnitAccount
from caseworks.people.models.sign_ins import SignIn

__all__ = ["Appointment", "DateRange", "Office", "OfficeRegion", "Person", "SignIn", "StandIn", "UnitAccount"]
