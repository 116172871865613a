"""Pages of the registry: units, imports, changed accounts, voided records."""
