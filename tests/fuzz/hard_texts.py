"""Specs made to hurt, by name: each small to write and large to think about. Every one ends in a checked loss or in
diagnostics, soon and within bounds."""

from collections.abc import Callable

HEAD = "param tau = 0.5 in (0, inf)\nlearn t = 0.7 in (0, inf)\n"
FORTY = 40


def general(value: str, head: str = "") -> str:
    return f"loss a {{\n{head}{HEAD}loss[i] = d[i]^2 + {value}\nalpha in reals\n}}\n"


def nested(opening: str, inner: str, times: int, closing: str = ")") -> str:
    return opening * times + inner + closing * times


def chain(link: Callable[[int], str], length: int) -> str:
    """Losses a0, a1, ...: the last one is the end of the chain, and comes first in the text."""
    end = f"loss a{length} {{\n{HEAD}loss[i] = d[i] + mean_j(s[i,j])\nalpha in reals\n}}\n"
    return end + "".join(link(at) for at in reversed(range(length)))


def doubling(member: str, length: int) -> str:
    """Each loss uses the next one twice, in the same way."""

    def link(at: int) -> str:
        both = f"a{at + 1}.{member} + a{at + 1}.{member}"
        value = f"d[i] + sum_j({both})" if "j" in member else both
        return f"loss a{at} {{\nloss[i] = {value}\nalpha in reals\n}}\n"

    return chain(link, length)


def parted(member: str, length: int) -> str:
    """Each loss uses the next one twice, with different settings."""

    def link(at: int) -> str:
        both = f"a{at + 1}(tau = tau).{member} + a{at + 1}(tau = 2 * tau).{member}"
        value = f"sum_j(exp(s[i,j] / tau) * ({both}))" if "j" in member else f"tau * ({both})"
        return f"loss a{at} {{\n{HEAD}loss[i] = d[i] + {value}\nalpha in reals\n}}\n"

    return chain(link, length)


SQUARE = "loss base {\nparam tau = 0.5 in (0, inf)\nalpha[i,j] ~ exp(-d[i,j]^2 / tau)\n}\n"
HARD: dict[str, str] = {
    "nested sums of exponentials": general("sum_j(" + nested("exp(-1 + tanh(", "s[i,j]", 12, "))") + ")"),
    "nested logs": general("mean_j(" + nested("log(1 + ", "exp(s[i,j] / tau)", 30) + ")"),
    "nested softplus": general("mean_j(" + nested("softplus(", "s[i,j] / t", FORTY) + ")"),
    "nested sigmoid": general("mean_j(" + nested("sigmoid(", "s[i,j] / t", FORTY) + ")"),
    "nested tanh": general("mean_j(" + nested("tanh(", "s[i,j] / t", 60) + ")"),
    "nested max": general("max_j(" + nested("max(s[i,j], t * ", "s[i,j]", 30) + ")"),
    "nested where": general("sum_j(" + nested("where(s[i,j] > 0.1, s[i,j], t * ", "s[i,j]", 30) + ")"),
    "nested sqrt": general("sum_j(" + nested("sqrt(1 + ", "d[i,j]", FORTY) + ")"),
    "nested reductions": general(nested("logsumexp_j(s[i,j] + ", "t", 20)),
    "nested batches": general(nested("mean_i(s[i] + ", "t", FORTY)),
    "both reductions nested": general(nested("mean_i(logsumexp_j(s[i,j] / t + ", "t", 12, "))")),
    "nested products of sums": general("sum_j(" + nested("(s[i,j] + t) * (1 + ", "s[i,j]", 25) + ")"),
    "nested quotients": general("sum_j(" + nested("1 / (1 + ", "d[i,j]^2", FORTY) + ")"),
    "nested powers of powers": general("sum_j(" + "(" * 30 + "1 + d[i,j]" + ")^t" * 30 + ")"),
    "sharing of shares": general(
        "h4[i]",
        "h0[i,j] = exp(s[i,j])\n"
        + "".join(f"h{k + 1}[i,j] = h{k}[i,j] / sum_j(h{k}[i,j])\n" for k in range(3))
        + "h4[i] = sum_j(h3[i,j])\n",
    ),
    "doubling definitions": general(
        "sum_j(h30[i,j])", "h0[i,j] = s[i,j]\n" + "".join(f"h{k + 1}[i,j] = h{k}[i,j] * h{k}[i,j]\n" for k in range(30))
    ),
    "doubling functions": general(
        "sum_j(f20(s[i,j]))", "f0(x) = x + 1\n" + "".join(f"f{k + 1}(x) = f{k}(f{k}(x))\n" for k in range(20))
    ),
    "a loss of itself": "loss a {\nloss[i] = a.loss[i] + sum_j(a.alpha[i,j])\n}\n",
    "a blend of itself": "loss a = a + a\n",
    "power tower": general("sum_j(s[i,j]^9^9^9)"),
    "power tower of a parameter": general("sum_j(d[i,j]^9^9^t)"),
    "power tower in a parameter": "loss a {\nparam x = 9^9^9^9\nphi(x) = x\npsi(x) = x\n}\n",
    "large whole power": general("sum_j((1 + s[i,j] + d[i,j]^2)^1000000)"),
    "power of a sum": general("sum_j((s[i,j] + d[i,j] + t)^99)"),
    "huge numbers": general("sum_j(1e308 * 1e308 * s[i,j])"),
    "huge sum of numbers": general("sum_j(" + " + ".join(["1e308"] * 60) + " * s[i,j])"),
    "tiny numbers": general("sum_j(s[i,j] / 1e-308 / 1e-308)"),
    "division by what sinks": general("sum_j(s[i,j] / exp(-1e9 * d[i,j]))"),
    "many digits": general(f"sum_j({'9' * 300} * s[i,j])"),
    "more digits than a float holds": general(f"sum_j({'9' * 60_000})"),
    "a megabyte of definitions": "loss a {\n" + "c = 1\n" * 180_000 + "}\n",
    "a megabyte of one line": "loss a {\nloss[i] = " + "s[i] + " * 150_000 + "s[i]\n}\n",
    "a megabyte of brackets": "(" * 1_000_000,
    "a megabyte of comments": "# words\n" * 130_000,
    "sixty thousand characters of sums": general(
        "c999", "".join(f"c{k} = mean_i(s[i]{' + c' + str(k - 1) if k % 40 else ''})\n" for k in range(1000))
    ),
    "hundreds of losses": "".join(f"loss a{k} {{\nphi(x) = x\npsi(x) = exp(x)\n}}\n" for k in range(900)),
    "hundreds of parameters": general(
        " + ".join(f"p{k} * s[i]" for k in range(60)), "".join(f"learn p{k} = 0.5 in (0, 1)\n" for k in range(600))
    ),
    "control characters": general("sum_j(s[i,j])").replace(" ", "\x00 \x1b[31m \x08", 3),
    "look-alikes": general("sum_j(ѕ[i,j] + ｄ[i,ј])").replace("loss", "lоss", 1),
    "directions": general("sum_j(s[i,j])") + "# \u202e\u2066 reversed\n",
    "names of built-ins": "loss a {\n"
    + "".join(
        f"param {name} = 1\n" for name in "exp log sum_j mean_i where stopgrad d s i j count phi alpha inf".split()
    )
    + "phi(x) = x\npsi(x) = x\n}\n",
    "names of Python and of torch": "loss loss_core {\n"
    + "".join(
        f"learn {name} = 0.7 in (0, inf)\n"
        for name in (
            "torch tuple labels queue value step layout core share lambda_ class None True import x z0 z_VND context "
            "parameters s_AC weight_A1 negative_AC total lse anchors shared1 response1 unit_rows two_view scalars cos"
        ).split()
    )
    + "pairs queue\nloss[i] = d[i]^2 + logsumexp_j(s[i,j] / torch) + tuple * labels * queue * value * share * class"
    " * None * total * lse * unit_rows * two_view * x * z0 * scalars * sqrt(core * step * layout * z_VND) * d[i]\n"
    "alpha in reals\n}\n",
    "a circle of parents": "".join(f"loss a{k} extends a{(k + 1) % 50} {{\n}}\n" for k in range(50)),
    "its own parent": "loss a extends a {\n}\n",
    "a long line of parents": "".join(f"loss a{k} extends a{k + 1} {{\n}}\n" for k in range(300)) + SQUARE,
    "parents and uses in a diamond": SQUARE
    + "loss b extends base {\nset tau = 0.2\n}\nloss c extends base {\nset tau = 0.3\n}\n"
    + "loss e = b + c - base\nloss f = e + b\nloss g {\nloss[i] = e.loss[i] + sum_j(f.alpha[i,j] * d[i,j])\n"
    "alpha in reals\n}\n",
    "a circle of uses": "".join(
        f"loss a{k} {{\nloss[i] = d[i] + sum_j(a{(k + 1) % 30}.alpha[i,j] * s[i,j])\n}}\n" for k in range(30)
    ),
    "circles everywhere": "".join(
        f"loss a{k} {{\nloss[i] = {' + '.join(f'a{m}.loss[i]' for m in range(12))}\n}}\n" for k in range(12)
    ),
    "a chain of losses": chain(
        lambda at: f"loss a{at} {{\nloss[i] = d[i] + a{at + 1}.loss[i]\nalpha in reals\n}}\n", 40
    ),
    "a chain of importances": chain(
        lambda at: f"loss a{at} {{\nloss[i] = d[i] + sum_j(a{at + 1}.alpha[i,j] * s[i,j])\nalpha in reals\n}}\n", 20
    ),
    "doubling losses": parted("loss[i]", 25),
    "doubling importances": parted("alpha[i,j]", 25),
    "doubling with the same settings": doubling("loss[i]", 25),
    "doubling importances with the same settings": doubling("alpha[i,j]", 40),
    "doubling blends": SQUARE + "loss b0 = base\n" + "".join(f"loss b{k + 1} = b{k} - b{k}\n" for k in range(30)),
    "a blend of a thousand terms": SQUARE + "loss a = base" + " + 0.5 * base" * 999 + "\n",
    "a blend of fifty settings": SQUARE
    + "loss a = base"
    + "".join(f" + base(tau = 0.{k})" for k in range(1, 55))
    + "\n",
    "a blend in brackets": SQUARE + "loss a = " + "(" * 60 + "base" + ")" * 60 + "\n",
}
