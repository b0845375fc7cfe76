"""Errors in losses that use other losses: unknown names, wrong settings, and losses that weigh other pairs."""

from collections.abc import Mapping
from typing import ClassVar

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.lineage import NotFound
from alphadsl.report.source import Span


class UnknownLoss(NotFound):
    """`NAME.alpha[i,j]`, `NAME.loss[i]` and blends name a loss of the same file, a spec in the same folder, or one of
    the library, looked up in this order."""

    code = "unknown-loss"
    title_template = "there is no loss called {name}"
    wrong = "loss x {\n  alpha[i,j] ~ infonse.alpha[i,j]\n}\n"
    right = "loss x {\n  alpha[i,j] ~ infonce.alpha[i,j]\n}\n"


class BrokenLoss(Diagnostic):
    """A loss can only use another one that is itself admitted: its file can be read, and nothing in it is refused."""

    code = "broken-loss"
    title_template = "{name} cannot be used, because {reason}"
    label_template = "used here"
    help_template = "fix {name} first"
    wrong = "loss x = 0.5 * broken + 0.5 * infonce\n"
    beside: ClassVar[Mapping[str, str]] = {"broken.alpha": "loss broken {\n  phi(x) = -x\n  psi(x) = x\n}\n"}
    right = "loss x = 0.5 * square + 0.5 * infonce\n"

    name: str
    reason: str


class CyclicLoss(Diagnostic):
    """A loss may use the alpha[i,j] or the loss[i] of others, but not its own, directly or through others, since that
    would not define it. A cycle is reported once."""

    code = "cyclic-loss"
    title_template = "{name} is defined in terms of itself: {chain}"
    label_template = "this closes the cycle"
    help_template = "let one of them stand on its own, or use a loss of the library"
    wrong = "loss a = 2 * b\nloss b = 2 * a\n"
    right = "loss a = 2 * infonce\nloss b = 2 * a\n"

    name: str
    chain: str
    members: frozenset[str]


class UnknownMember(Diagnostic):
    """Two quantities of another loss can be used: `NAME.alpha[i,j]`, its pairwise importance, held fixed as in the
    paper's game, and `NAME.loss[i]`, its value at an anchor."""

    code = "unknown-member"
    title_template = "{member} is not a quantity of a loss"
    label_template = "no such quantity"
    help_template = "write {owner}.alpha[i,j] for its importance, {owner}.loss[i] for its value"
    wrong = "loss x {\n  alpha[i,j] ~ infonce.weight[i,j]\n}\n"
    right = "loss x {\n  alpha[i,j] ~ infonce.alpha[i,j]\n}\n"

    owner: str
    member: str


class MixedPairs(Diagnostic):
    """Losses can only be combined if they weigh the same pairs in the same space, so that alpha_ij means the same in
    both."""

    code = "mixed-pairs"
    title_template = "{name} has {theirs}, and the others here have {ours}"
    label_template = "weighs other pairs"
    help_template = "combine losses of one index set and one space"
    wrong = "loss a {\n  pairs same_view\n  alpha[i,j] ~ 1\n}\nloss x = 0.5 * infonce + 0.5 * a\n"
    right = "loss a {\n  alpha[i,j] ~ 1\n}\nloss x = 0.5 * infonce + 0.5 * a\n"

    name: str
    theirs: str
    ours: str


class NotABlend(Diagnostic):
    """A blend is a weighted sum of losses, with numbers as weights:
    `loss NAME = 0.7 * infonce(tau = 0.2) + 0.3 * square`. Numbers of any sign are allowed; anything else is written
    inside the braces of a loss, as `loss[i] = ...`."""

    code = "not-a-blend"
    title_template = "a blend is a sum of losses, each with a number before it"
    label_template = "neither a number nor a loss"
    help_template = "write loss NAME = 0.7 * infonce(tau = 0.2) + 0.3 * square, or loss NAME {{ loss[i] = ... }}"
    wrong = "loss x = exp(infonce)\n"
    right = "loss x = 0.5 * infonce + 0.5 * square\n"


class NamedArgument(Diagnostic):
    """Only a loss has named arguments, which set its parameters, as in `infonce(tau = 0.2)`. The arguments of a
    function are positional, and two values are compared with `==`."""

    code = "named-argument"
    title_template = "{name} takes its arguments by position"
    label_template = "= cannot stand here"
    help_template = "write == to compare two values, or the value alone"
    wrong = "loss x {\n  param k = 1 in [0, inf)\n  alpha[i,j] ~ where(k = 0, 1, exp(s[i,j]))\n}\n"
    right = "loss x {\n  param k = 1 in [0, inf)\n  alpha[i,j] ~ where(k == 0, 1, exp(s[i,j]))\n}\n"

    name: str


class UnnamedSetting(Diagnostic):
    """The parameters of a loss that is used are set by name, as in `infonce(tau = 0.2)`, so that a reader sees which
    one is meant. Parameters that are not set keep the values from their loss."""

    code = "unnamed-setting"
    title_template = "the parameters of {name} are set by name"
    label_template = "which parameter is this?"
    help_template = "write {name}({example} = ...)"
    wrong = "loss x {\n  alpha[i,j] ~ infonce(0.2).alpha[i,j]\n}\n"
    right = "loss x {\n  alpha[i,j] ~ infonce(tau = 0.2).alpha[i,j]\n}\n"

    name: str
    example: str


class SettingOutside(Diagnostic):
    """A formula that sets a parameter of another loss must lie in the declared interval of that parameter for all
    values of its own parameters: the other loss was proved admissible only on that interval."""

    code = "setting-outside"
    title_template = "{name} must lie in {interval}"
    label_template = "lies in {actual}"
    help_template = "narrow the intervals of the parameters in this formula"
    wrong = "loss x {\n  param t = 0.2\n  alpha[i,j] ~ infonce(tau = t).alpha[i,j]\n}\n"
    right = "loss x {\n  param t = 0.2 in (0, inf)\n  alpha[i,j] ~ infonce(tau = t).alpha[i,j]\n}\n"

    name: str
    interval: str
    actual: str
    declared: Span


class TooManyLosses(Diagnostic):
    """A short text can hold many losses that each build on a long one, and checking them all would take minutes. So the
    work for one text has a limit, counted in operations of its losses and of their derived quantities. The whole
    library, 61 losses, takes a third of it."""

    code = "too-many-losses"
    title_template = "checking the losses of this text takes more than {limit} operations"
    label_template = "checking ends before this loss"
    help_template = "give this loss and those after it files of their own, or let them use fewer others"
    wrong = "loss l extends infonce {\n  # " + "a very long comment " * 1500 + "\n}\n"
    wrong += "".join(f"loss l{age} extends l {{\n}}\n" for age in range(40))
    right = "loss l extends infonce {\n  # a comment\n}\n"
    right += "".join(f"loss l{age} extends l {{\n}}\n" for age in range(40))

    limit: int


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (
    UnknownLoss,
    BrokenLoss,
    CyclicLoss,
    UnknownMember,
    MixedPairs,
    NotABlend,
    NamedArgument,
    UnnamedSetting,
    SettingOutside,
    TooManyLosses,
)
