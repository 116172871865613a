"""Permissions that the admin asks for, answered by roles."""

from django.contrib.auth.backends import ModelBackend


class RoleBackend(ModelBackend):
    """Roles, not Django's permission tables, say what a person may do."""
