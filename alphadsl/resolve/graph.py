"""Which losses a loss uses, read off its surface tree, and a topological order: each loss after those that it uses.

If a loss uses itself, directly or through others, there is no such order: the use that closes the cycle is recorded
with the losses on the cycle, and reported when it is resolved.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

from alphadsl.report.source import Span
from alphadsl.resolve.files import WrittenLoss
from alphadsl.resolve.inherit import Lineage, resolve_lineage
from alphadsl.resolve.lookup import NoLoss, find_loss
from alphadsl.syntax import tree
from alphadsl.syntax.walk import parts_of


@dataclass(frozen=True)
class Node:
    """A loss, its parents, the loss that each other name in it refers to, and the cycles that such a name closes."""

    loss: WrittenLoss
    lineage: Lineage
    uses: Mapping[str, WrittenLoss | NoLoss]
    cycles: dict[str, tuple[tree.LossDef, ...]] = field(default_factory=dict)

    @property
    def key(self) -> Span:
        return self.loss.key


def in_order(root: WrittenLoss, done: Container[Span]) -> Iterator[Node]:
    """The losses that a loss uses, directly or through others, and finally the loss itself; without those in `done`."""
    path = [_visit(root)]
    while path:
        node, names = path[-1]
        name = next(names, None)
        used = node.uses.get(name) if name else None
        if name is None:
            path.pop()
            yield node
        elif isinstance(used, WrittenLoss):
            start = next((at for at, (other, _) in enumerate(path) if other.key == used.key), None)
            if start is not None:
                node.cycles[name] = tuple(other.loss.definition for other, _ in path[start:])
            elif used.key not in done:
                path.append(_visit(used))


def _visit(loss: WrittenLoss) -> tuple[Node, Iterator[str]]:
    lineage = resolve_lineage(loss)
    names = {name.text: name for definition in lineage.chain for item in definition.items for name in _used_in(item)}
    node = Node(loss, lineage, {text: find_loss(name, loss) for text, name in names.items()})
    return node, iter(node.uses)


def _used_in(item: tree.Item) -> Iterator[tree.Name]:
    """The names in a statement that may refer to a loss: every name in a blend, elsewhere those before a dot."""
    match item:
        case tree.BlendItem(body):
            yield from (owner_of(part) for part in parts_of(body) if isinstance(part, tree.Identifier | tree.Call))
        case tree.FunctionItem() | tree.IndexedItem() | tree.ConstantItem():
            yield from (owner_of(part.owner) for part in parts_of(item.body) if isinstance(part, tree.Member))
        case _:
            pass


def owner_of(owner: tree.Identifier | tree.Call) -> tree.Name:
    """The name of a loss that is written with or without settings."""
    return owner.name if isinstance(owner, tree.Call) else tree.Name(owner.name, owner.span)
