"""The notation of other languages and of papers, for which a spec has its own."""

from alphadsl.report.diagnostic import Diagnostic, Remedy


class ForeignNotation(Diagnostic):
    """Notation from elsewhere: Python, an array library, C, LaTeX, or abbreviations of papers.

    The message says how a spec writes it and gives the whole line, with all such notation rewritten. Each kind is
    reported once per line, and a name that the loss itself defines is never mistaken for foreign notation.
    """

    code = "foreign-notation"
    title_template = "{lesson}"
    label_template = "{habit}"
    wrong = "loss mine {\n  phi(x) = x\n  psi(x) = torch.exp(x)\n}\n"
    right = "loss mine {\n  phi(x) = x\n  psi(x) = exp(x)\n}\n"

    name: str
    lesson: str
    habit: str
    advice: str = ""
    remedy: Remedy | None = None

    @property
    def note(self) -> str:
        return "" if self.remedy is None or self.advice.startswith("and ") else self.advice

    @property
    def help(self) -> str:
        if self.remedy is None:
            return self.advice
        return f"{self.remedy.advice}, {self.advice}" if self.advice.startswith("and ") else self.remedy.advice

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return (self.remedy,) if self.remedy else ()


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (ForeignNotation,)
