"""稳岗返还, as the kernel knows it (settings.SCHEMES)."""

from refunds.parameters import Parameters

NAME = "refunds"
LABEL = "稳岗返还"
parameters = Parameters
