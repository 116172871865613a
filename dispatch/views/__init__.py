"""Pages of dispatch: the desk's and the portal's."""
