"""What a setting is, for whoever chooses its value: the definition of a field comes in; heading and help come out."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic.fields import FieldInfo


class Group(StrEnum):
    """The heading under which a setting is shown."""

    DATA = "Data"
    VIEWS = "Views"
    NETWORK = "Network"
    TRAINING = "Pretraining"
    MACHINE = "Machine"
    PROBE = "Probe"


@dataclass(frozen=True)
class About:
    """The heading and the help of a setting."""

    group: Group
    help: str


def about_of(field: FieldInfo) -> About:
    """The heading and help text in the definition of a setting."""
    (about,) = (part for part in field.metadata if isinstance(part, About))
    return about
