"""Habits about embeddings: inner products, norms and distances of z_i and z_j, for which a spec only has s and d."""

from alphadsl.syntax.habits.habit import Habit

_Z = r"(?:[zhfxuvq]|emb|embedding|embeddings|feat|feats|features?)"
_ONE = rf"(?:{_Z}(?:\[[ijk]\]|_?[ijk]|_\{{[ijk]\}}|_?[12ab])?|[ij])"
_POSITIVE = (
    rf"(?:{_Z}(?:_?(?:pos|p|\+)|_\{{(?:pos|p|\+)\}}|\[(?:p|pos|\+)\]|"
    r"(?:_?i|_\{i\})?(?:'|\^\+|\^\{\+\}|_pos|\^\{?'\}?)))"
)
COSINES = "cos|cosine|cosine_similarity|cos_sim|cossim|sim|similarity|sims|dot|inner|matmul|mm|S|logits|logit|scores?"
DISTANCES = "dist|distance|distances|D|pdist|cdist|euclidean|pairwise_distance|pairwise_distances"

EMBEDDINGS = (
    Habit(
        "embeddings",
        rf"(?<![\w.])(?P<at>(?:[\w.]+\.)?(?:{COSINES})\(\s*{_ONE}\s*,\s*{_POSITIVE}\s*(?:,[^()]*)?\))",
        "the cosine to the positive is s[i]",
        "a cosine of embeddings",
        "s[i]",
    ),
    Habit(
        "embeddings",
        rf"(?<!\w)(?P<at>(?:\(\s*{_ONE}\s*-\s*{_ONE}\s*\)|\|\s*{_ONE}\s*-\s*{_ONE}\s*\|)\s*(?:\^\s*2|\*\*\s*2|²))",
        "a distance is d[i,j], and d^2 is half the squared Euclidean distance",
        "a square of embeddings",
        "2 * d[i,j]^2",
    ),
    Habit(
        "embeddings",
        rf"(?P<at>(?:\|\||‖|\\\|)\s*{_ONE}\s*-\s*{_ONE}\s*(?:\|\||‖|\\\|)\s*(?:_2|_\{{2\}})?\s*(?:\^\s*(?P<two>2)|(?P<square>²))?)",
        "a distance is d[i,j], and d^2 is half the squared Euclidean distance",
        "a norm of embeddings",
        lambda groups: "2 * d[i,j]^2" if groups["two"] or groups["square"] else "sqrt(2) * d[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?<![\w.])(?P<at>(?:[\w.]+\.)?(?:norm|{DISTANCES})\(\s*{_ONE}\s*(?:[-,]\s*{_ONE}\s*)?(?:,[^()]*)?\)(?:\[\s*i\s*,\s*j\s*\])?)",
        "a distance is d[i,j], and d^2 is half the squared Euclidean distance",
        "a distance of embeddings",
        "sqrt(2) * d[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?<![\w.])(?P<at>(?:[\w.]+\.)?(?:{COSINES})\(\s*{_ONE}\s*,\s*{_ONE}\s*(?:,[^()]*)?\)(?:\[\s*i\s*,\s*j\s*\])?)",
        "a cosine is s[i,j]",
        "a cosine of embeddings",
        "s[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?<![\w.])(?P<at>(?!x(?![\w\[])){_Z}(?:\d|\[[ij]\]|_[ij]|_\{{[ij]\}})?(?:\.m?T|\.t\(\))?\s*(?:@|\*|\\cdot|·|\^T|\^\{{T\}}|\^\\top|\^\{{\\top\}}|')\s*{_Z}(?:\d|\[[ij]\]|_[ij]|_\{{[ij]\}})?"
        r"(?:\.T|\.t\(\)|\.mT|\.transpose\([^()]*\))?)(?!\w)",
        "a cosine is s[i,j]",
        "a product of embeddings",
        "s[i,j]",
    ),
    *(
        Habit(
            "embeddings",
            rf"(?<![\w.])(?P<at>q(?:_i|\[i\])?\s*(?:@|\*|\\cdot|·|\^T|\^\\top)\s*k(?:{key})(?:\.m?T|\.t\(\))?)(?!\w)",
            "a cosine is s[i,j], that to the positive s[i]",
            "a query and a key",
            meaning,
        )
        for key, meaning in ((r"_\+|_\{\+\}|_p(?:os)?|\+", "s[i]"), (r"(?:_-|_\{-\}|_?[ij]|\[[ij]\]|_neg)?", "s[i,j]"))
    ),
    Habit(
        "embeddings",
        r"(?<![\w.])(?P<at>(?:\w+\.)?einsum\([^()]*\))",
        "a cosine is s[i,j]",
        "a product of embeddings",
        "s[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?P<at>(?:<|⟨|\\langle)\s*{_ONE}\s*,\s*{_ONE}\s*(?:>|⟩|\\rangle))",
        "a cosine is s[i,j]",
        "an inner product of embeddings",
        "s[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?P<at>{_Z}(?:\[i\]|_i)\s*\.\s*(?:dot|inner|matmul)\(\s*{_Z}(?:\[j\]|_j)\s*\))",
        "a cosine is s[i,j]",
        "a product of embeddings",
        "s[i,j]",
    ),
)

LONE_EMBEDDING = Habit(
    "embeddings",
    rf"(?<![\w.])(?P<at>{_Z}\[(?:[ij]|i,\s*j)\])",
    "embeddings enter a formula by their cosines s and distances d alone",
    "an embedding",
    None,
    "write s[i] or d[i] for the positive, s[i,j] or d[i,j] for a negative",
)
