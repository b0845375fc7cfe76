"""Errors in the text itself: characters, tokens, and texts that are too large or too deeply nested."""

from alphadsl.report.diagnostic import Diagnostic, Label, Remedy


class UnexpectedToken(Diagnostic):
    """The text is not a valid spec: something is missing, superfluous or in the wrong place.

    A spec is a list of losses, `loss NAME { ... }`, with one definition per line in each. The message names the mistake
    if it is a known one (a bracket without its partner, a missing `=`, a loss that is never closed, ...); otherwise it
    says what was expected. Parsing resumes at the next line, so that all broken lines are reported together.
    """

    code = "unexpected-token"
    title_template = "{problem}"
    label_template = "{mark}"
    help_template = "{advice}"
    wrong = "loss mine {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tau * log(x\n  psi(x) = exp(x / tau)\n}\n"
    right = "loss mine {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tau * log(x)\n  psi(x) = exp(x / tau)\n}\n"

    mistake: str
    problem: str
    mark: str
    advice: str
    also: tuple[Label, ...] = ()

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.also


class UnexpectedCharacter(Diagnostic):
    """A character that the language does not use, or that only looks like one that it uses.

    Names are written in Latin or Greek letters, digits and underscores: τ and tau are the same name. A letter of
    another script can look the same but be a different one (Cyrillic а is not Latin a), and an invisible character
    cannot be seen at all. Both are refused, and identified by their Unicode code points.
    """

    code = "unexpected-character"
    title_template = "the character {character} is not part of the language"
    label_template = "this character"
    wrong = "loss mine {\n  phi(x) = x\n  psi(x) = x × 2\n}\n"
    right = "loss mine {\n  phi(x) = x\n  psi(x) = x * 2\n}\n"

    character: str
    advice: str
    remedy: Remedy | None = None

    @property
    def help(self) -> str:
        return f"{self.advice}: {self.remedy.advice.removeprefix('write ')}" if self.remedy else self.advice

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return (self.remedy,) if self.remedy else ()


class TooDeep(Diagnostic):
    """An expression is nested more deeply than any formula of a paper, as written or once the definitions it uses are
    written out.

    Brackets, calls and operators count. So does a long sum `a + b + c + ...`, because each of its signs is applied to
    the result of the previous ones. The limit keeps every later step (proofs, derivatives, generated code) bounded.
    """

    code = "too-deep"
    label_template = "level {limit} is passed here"
    wrong = "loss mine {\n  phi(x) = " + "(" * 65 + "x" + ")" * 65 + "\n  psi(x) = x\n}\n"
    right = "loss mine {\n  phi(x) = (x)\n  psi(x) = x\n}\n"

    limit: int
    written_out: bool = False

    @property
    def title(self) -> str:
        expanded = " once its definitions are written out" if self.written_out else ""
        return f"this expression is nested more than {self.limit} levels deep{expanded}"

    @property
    def help(self) -> str:
        if self.written_out:
            return "let fewer definitions build on each other"
        return "give a part of it a name of its own on a line before, and use that name here"


class TooLarge(Diagnostic):
    """The file is larger than any sensible spec.

    A loss takes a handful of lines. A text far beyond that is probably a data file given by mistake, and is refused
    before it is parsed.
    """

    code = "too-large"
    title_template = "this file is too large for a spec: it has more than {limit} {unit}"
    label_template = "the limit is reached here"
    help_template = "check that this is the file you meant, or split it: one loss per file is usual"
    wrong = "loss mine {\n  phi(x) = x\n  psi(x) = x\n}\n" + "# far too much\n" * 5000
    right = "loss mine {\n  phi(x) = x\n  psi(x) = x\n}\n"

    limit: int
    unit: str


class NumberTooLarge(Diagnostic):
    """A number that double precision cannot represent, either written out or computed, as in 1e308 * 1e308.

    Every number in a spec is a float64, whose largest value is about 1.8e308. An unbounded end of an interval is
    written `inf`.
    """

    code = "number-too-large"
    title_template = "the number {number} is too large"
    label_template = "larger than about 1.8e308, the largest float64"
    help_template = "write a smaller number, or inf where an interval has no upper end"
    wrong = "loss mine {\n  param tau = 1e999 in (0, inf)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"
    right = "loss mine {\n  param tau = 1e9 in (0, inf)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    number: str


class NameTooLong(Diagnostic):
    """A name that is too long to be read and compared.

    Names appear in messages, in the generated code and as file names, so their length is limited. A longer one is
    usually text whose spaces or quotation marks were lost.
    """

    code = "name-too-long"
    title_template = "this name has more than {limit} characters"
    label_template = "{length} characters"
    help_template = "choose a shorter name"
    wrong = "loss mine {\n  phi(x) = x\n  psi(x) = x * " + "t" * 65 + "\n}\n"
    right = "loss mine {\n  phi(x) = x\n  psi(x) = x\n}\n"

    limit: int
    length: int


DIAGNOSTICS = (UnexpectedToken, UnexpectedCharacter, TooDeep, TooLarge, NumberTooLarge, NameTooLong)
