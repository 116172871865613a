"""技能提升补贴, as the kernel knows it (settings.SCHEMES)."""

from subsidies.parameters import Parameters

NAME = "subsidies"
LABEL = "技能提升补贴"
parameters = Parameters
