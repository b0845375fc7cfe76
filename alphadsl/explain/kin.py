"""The relatives of a loss in words: losses with the same gradient, losses that become equal, and the nearest others."""

from collections.abc import Sequence

from alphadsl.explain.candidates import Setting
from alphadsl.explain.identities import Equal, Kinship, Near
from alphadsl.explain.sections import UNBROKEN
from alphadsl.ir.index_sets import IndexSet

SHOWN = 6
SAME, VISIBLE = 1e-6, 0.005


def kin_lines(kinship: Kinship, pairs: IndexSet) -> list[tuple[str, str]]:
    """Rows of a table; losses are named with the parameters for which the claim holds."""
    rows = [("equal" if index == 0 else "", _scaled(kin)) for index, kin in enumerate(kinship.equal)]
    rows += [] if kinship.equal else [("equal", "to none of them")]
    rows += [(f"at {setting}", f"equal to {_listed(equals)}") for setting, equals in kinship.moved]
    if kinship.elsewhere:
        rows.append(("elsewhere", f"equal, once given pairs {pairs.name}: {_listed(kinship.elsewhere)}"))
    rows += [("nearest" if index == 0 else "", _near(kin)) for index, kin in enumerate(kinship.nearest)]
    rows.append(("compared", _compared(kinship)))
    return rows


def _listed(equals: Sequence[Equal]) -> str:
    shown = ", ".join(_scaled(equal) for equal in equals[:SHOWN])
    return f"{shown} and {len(equals) - SHOWN} more" if len(equals) > SHOWN else shown


def _scaled(equal: Equal) -> str:
    """The multiple of the other loss whose gradient is that of the explained one."""
    unscaled = abs(equal.scale - 1) < SAME
    return (
        _named(equal.setting)
        if unscaled
        else f"{equal.meaning or f'{equal.scale:.4g}'}{UNBROKEN}*{UNBROKEN}{_named(equal.setting)}"
    )


def _named(setting: Setting) -> str:
    return str(setting).replace(" ", UNBROKEN)


def _near(near: Near) -> str:
    shown = ", ".join(_named(setting) for setting in near.settings[:3])
    more = f" and {len(near.settings) - 3} more" if len(near.settings) > 3 else ""
    if near.angle < VISIBLE:
        return f"the same alpha up to scale, with another beta: {shown}{more}"
    return f"alpha at {near.angle:.1f} degrees: {shown}{more}"


def _compared(kinship: Kinship) -> str:
    if kinship.compared == 0:
        return f"with none: all {kinship.others} losses of the library have other pairs or another space"
    losses = "the one loss" if kinship.compared == 1 else f"{kinship.compared} losses"
    others = f"; {kinship.others} others have other pairs or another space" if kinship.others else ""
    return (
        f"gradients on the embeddings, on random batches, with {losses} of the same pairs and space "
        f"at their defaults, at the parameters shared with this one, and with one more parameter at 0, 1 or 2{others}"
    )
