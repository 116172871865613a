"""劳务派遣, as the kernel knows it (settings.SCHEMES)."""

from dispatch.parameters import Parameters

NAME = "dispatch"
LABEL = "劳务派遣"
parameters = Parameters
