"""Errors about levels and kinds: constant < row [i] < pair [i,j], and which names are called, indexed or plain."""

from alphadsl.report.diagnostic import Diagnostic, Edit, Label, Remedy, replacement
from alphadsl.report.errors.evidence import first_advice, rewriting
from alphadsl.report.source import Span


class LevelMismatch(Diagnostic):
    """Every expression has a level: a constant, one value per batch, per anchor [i], or per pair [i,j]. A definition
    may use expressions of its own level or below. A reduction over j turns pairs into a row, one over i turns a row
    into one value for the batch."""

    code = "level-mismatch"
    title_template = "{what} is {expected}, but this is {actual}"
    label_template = "{actual}"
    help_template = "{remedy}"
    wrong = "loss x {\n  u[i] = exp(s[i,j])\n  alpha[i,j] ~ exp(s[i,j]) / u[i]\n}\n"
    right = "loss x {\n  u[i] = sum_j(exp(s[i,j]))\n  alpha[i,j] ~ exp(s[i,j]) / u[i]\n}\n"

    what: str
    expected: str
    actual: str
    remedy: str
    reductions: tuple[str, ...] = ()

    @property
    def help(self) -> str:
        return first_advice(self.offered) or self.remedy

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        ways = ((f"reduce it over {name[-1]}, as in {name}(...)", f"{name}({{}})") for name in self.reductions)
        return rewriting(self.span, *ways)


class IndexMismatch(Diagnostic):
    """i is the anchor and j runs over its negatives, so a row is written [i] and a pair [i,j]. No other indices are
    needed: j is never i, and a distance is the same in both directions."""

    code = "index-mismatch"
    title_template = "{name} is written {expected}"
    label_template = "found {actual}"
    note_template = "i is the anchor, j one of its negatives; d[i] and s[i] are taken to the positive"
    help_template = "write {expected}"
    wrong = "loss x {\n  h[i,j] = exp(-d[i,j]^2)\n  alpha[i,j] ~ h[i]\n}\n"
    right = "loss x {\n  h[i,j] = exp(-d[i,j]^2)\n  alpha[i,j] ~ h[i,j]\n}\n"

    name: str
    expected: str
    actual: str

    @property
    def help(self) -> str:
        ways = " or ".join(remedy.edits[0].text for remedy in self.offered)
        return f"write {ways}" if ways else f"{self.name} stands with the indices of {self.expected}"

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        if not self.span.text.startswith(self.name):
            return ()
        return tuple(Remedy(f"write {way}", (Edit(self.span, way),)) for way in self.expected.split(" or "))


class WrongUse(Diagnostic):
    """A function is called, f(x); a definition per pair or per anchor is indexed, h[i,j] or u[i]; a parameter, a
    constant and the argument of a function are written alone."""

    code = "wrong-use"
    title_template = "{name} is {kind}"
    label_template = "used as {used}"
    help_template = "write {remedy}"
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tau(x)\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    name: str
    kind: str
    used: str
    remedy: str

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The remedies as edits, if the advice is specific enough: a product instead of a call, or the correct form of
        the name."""
        source, end = self.span.source, self.span.start + len(self.name)
        if self.remedy.endswith("* (...)"):
            product = Edit(Span(source, end, end), " * ")
            return (Remedy(f"write {self.remedy}", (product,)),) if self.span.text.startswith(f"{self.name}(") else ()
        ways = [way for way in self.remedy.split(" or ") if way.startswith(self.name) and "..." not in way]
        return tuple(replacement(self.span, way) for way in ways)


class WrongArity(Diagnostic):
    """Every function takes a fixed number of arguments: `min` and `max` take two, `where` takes three, all others and
    the reductions over j take one."""

    code = "wrong-arity"
    title_template = "{name} takes {expected}, not {actual}"
    label_template = "{actual} given"
    help_template = "give {name} {expected}"
    wrong = "loss x {\n  phi(x) = x\n  psi(x) = max(x)\n}\n"
    right = "loss x {\n  phi(x) = x\n  psi(x) = max(x, 0)\n}\n"

    name: str
    expected: str
    actual: str


class WrongShape(Diagnostic):
    """The parts of a family have fixed forms, those of the paper: phi(x), psi(x) and R(a) are functions, weight[i,j]
    and alpha[i,j] are defined for each pair, loss[i] for each anchor."""

    code = "wrong-shape"
    title_template = "{name} is defined as {expected}"
    label_template = "found {actual}"
    help_template = "write {expected} = ..."
    wrong = "loss x {\n  alpha[i] = 1\n}\n"
    right = "loss x {\n  alpha[i,j] = 1\n}\n"

    name: str
    expected: str
    actual: str

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        source, start = self.span.source, self.span.start
        head = Span(source, start, start + len(self.actual))
        left = head if head.text == self.actual else self.span
        return (Remedy(f"write {self.expected} = ...", (Edit(left, self.expected),)),)


class ClosedFunction(Diagnostic):
    """A function may use its argument, the parameters and the constants. It may not use distances, so that phi, psi and
    R can be checked as functions of one number."""

    code = "closed-function"
    title_template = "{function} is a function of {argument} alone"
    label_template = "depends on the embeddings"
    note_template = "psi is given d[i]^2 - d[i,j]^2, phi the sum of psi over j, R an importance alpha_ij"
    help_template = "to weigh the pairs of a coordinate loss, define weight[i,j]"
    wrong = "loss x {\n  phi(x) = x\n  psi(x) = x * exp(s[i,j])\n}\n"
    right = "loss x {\n  phi(x) = x\n  psi(x) = x\n  weight[i,j] = stopgrad(exp(s[i,j]))\n}\n"

    function: str
    argument: str
    defined: Span

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.defined, f"in the definition of {self.function}"),)


class TooManyOperations(Diagnostic):
    """Definitions that use each other many times grow when they are written out. No formula of a paper exceeds the
    limit, and beyond it every later step (proofs, derivatives, generated code) would be slow."""

    code = "too-many-operations"
    title_template = "this expression has more than {limit} {what} once {once}"
    label_template = "grows past the limit here"
    help_template = "use fewer repetitions of long definitions"
    wrong = "loss x {\n  a(x) = x + x + x + x + x\n  b(x) = a(a(a(a(x))))\n  psi(x) = b(b(x))\n  phi(x) = x\n}\n"
    right = "loss x {\n  a(x) = x + x + x + x + x\n  psi(x) = a(a(x))\n  phi(x) = x\n}\n"

    limit: int
    once: str = "its definitions are written out"
    what: str = "operations"


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (
    LevelMismatch,
    IndexMismatch,
    WrongUse,
    WrongArity,
    WrongShape,
    ClosedFunction,
    TooManyOperations,
)
