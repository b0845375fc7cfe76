"""Texts in the grammar as nobody should write them, as hypothesis strategies: needless brackets, gaps, and comments
wherever one may stand. They parse; few of them mean anything."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Text = SearchStrategy[str]
NAMES = st.sampled_from(["a", "x", "tau", "τ", "beta", "eps_1", "φ", "infonce", "a_long_name_of_an_author", "inf"])
FREE_NAMES = NAMES.filter(lambda name: name != "inf")
NUMBERS = st.sampled_from(["1", "0.50", "2.", ".5", "1e-3", "100000", "007"])
DOCS = st.sampled_from(["", ' "what # it is"', '""'])
INDICES = st.sampled_from(["[i]", "[i,j]", "[ i , j ]", "[i,\n j]"])
COMMENTS = st.sampled_from(
    ["#", "# why", "#(", "# ) } ]", '# "no string', "# tau = 1", "# β \t ", "# " + "long " * 24, "## loss x {"]
)
SPACES = st.sampled_from(["", "", "", " ", "\t", "  "])


@st.composite
def gaps(draw: DrawFn, bracketed: bool) -> str:
    """What may stand between two words: within brackets also line breaks and comments."""
    if not bracketed or draw(st.integers(0, 3)):
        return draw(SPACES)
    return draw(SPACES | st.just("\n   ") | COMMENTS.map(lambda text: f" {text}\n") | COMMENTS.map("\n  {}\n".format))


@st.composite
def formulas(draw: DrawFn, depth: int = 3, bracketed: bool = False) -> str:
    gap = gaps(bracketed)
    form = draw(st.integers(0, 10 if depth else 2))
    if form == 0:
        return draw(NUMBERS)
    if form == 1:
        return draw(NAMES)
    if form == 2:
        return draw(st.sampled_from(["loss", "d", "s", "h", "alpha"])) + draw(INDICES)
    if form <= 4:
        return f"({draw(gaps(True))}{draw(formulas(depth - 1, True))}{draw(gaps(True))})"
    if form == 5:
        return f"-{draw(gap)}({draw(formulas(depth - 1, True))})"
    if form == 6:
        return draw(calls(depth - 1))
    if form == 7:
        owner = draw(FREE_NAMES | calls(depth - 1))
        return f"{owner}.{draw(st.sampled_from(['alpha', 'loss']))}{draw(INDICES)}"
    operator = draw(st.sampled_from("+ - * / ^ - * < == >=".split()))
    left, right = draw(formulas(depth - 1, bracketed)), draw(formulas(depth - 1, bracketed))
    if operator in ("<", "==", ">="):
        return f"(({left}){draw(gap)}{operator}({right}))"
    if draw(st.booleans()):
        left, right = f"({left})", f"({right})"
    return f"{left}{draw(gap)}{operator}{draw(gap)}{right}"


@st.composite
def calls(draw: DrawFn, depth: int) -> str:
    """A call; no line in it starts with a named argument, which would be read as a definition."""
    written = draw(FREE_NAMES) + "("
    for place in range(draw(st.integers(1, 3))):
        written += (draw(gaps(True)) + ",") * bool(place)
        if draw(st.integers(0, 3)) == 0:
            written += f" {draw(FREE_NAMES)}{draw(gaps(True))}={draw(gaps(True))}{draw(formulas(depth, True))}"
        else:
            written += draw(gaps(True)) + draw(formulas(depth, True))
    return written + draw(gaps(True)) + ")"


@st.composite
def bounds(draw: DrawFn) -> str:
    gap = gaps(True)
    low, high = draw(st.sampled_from(["0", "-inf", "- 1.50", "+2"])), draw(st.sampled_from(["inf", "+ inf", "3.0"]))
    left, right = draw(st.sampled_from("([")), draw(st.sampled_from(")]"))
    return f" in {left}{draw(gap)}{low}{draw(gap)},{draw(gap)}{high}{draw(gap)}{right}"


@st.composite
def items(draw: DrawFn) -> str:
    formula = draw(formulas())
    match draw(st.integers(0, 7)):
        case 0 | 1:
            word = draw(st.sampled_from(["param", "learn"]))
            interval = draw(st.just("") | bounds())
            return f"{word} {draw(FREE_NAMES)} ={formula}{interval}{draw(DOCS)}"
        case 2:
            return f"set {draw(FREE_NAMES)}= {formula}"
        case 3:
            plain = ["pairs labels  against other_classes", "space sphere", "gradient through α", "alpha in  simplex"]
            return draw(st.sampled_from(plain))
        case 4:
            return f"{draw(FREE_NAMES)}({draw(gaps(True))}x{draw(gaps(True))}) ={formula}"
        case 5:
            return f"{draw(FREE_NAMES)}{draw(INDICES)} ={formula}"
        case 6:
            return f"{draw(FREE_NAMES)}[i,j] ~{formula}"
    return f"{draw(FREE_NAMES)} = {formula}"


BREAKS = st.lists(COMMENTS | st.just(""), min_size=1, max_size=3).map(lambda lines: " " + "\n ".join(lines) + "\n")


@st.composite
def losses(draw: DrawFn) -> str:
    if draw(st.integers(0, 3)) == 0:
        return f"loss {draw(FREE_NAMES)} = {draw(formulas())}"
    parent = draw(st.sampled_from(["", " extends infonce"]))
    body = "".join(draw(items()) + draw(BREAKS) for _ in range(draw(st.integers(0, 4))))
    return f"loss {draw(FREE_NAMES)}{parent} {{{draw(BREAKS | st.just(' '))}{body}}}"


@st.composite
def files(draw: DrawFn) -> str:
    text = draw(BREAKS) + "".join(draw(losses()) + draw(BREAKS) for _ in range(draw(st.integers(0, 3))))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
