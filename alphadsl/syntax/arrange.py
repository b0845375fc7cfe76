"""Definitions and comments come in; entries in the order of the text come out, with the comment after each and whether
a blank line is kept before it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alphadsl.syntax.tree import Comment, Item, LossDef

Node = LossDef | Item


@dataclass(frozen=True)
class Entry:
    """A definition with the comments inside it and the one at the end of its line, or a comment on its own line."""

    node: Node | Comment
    inside: tuple[Comment, ...] = ()
    behind: Comment | None = None
    gap: bool = False


def arrange(nodes: Sequence[Node], comments: Sequence[Comment]) -> list[Entry]:
    entries: list[Entry] = []
    inside = {id(node): tuple(comment for comment in comments if _holds(node, comment)) for node in nodes}
    held = {id(comment) for within in inside.values() for comment in within}
    outside: Iterable[Node | Comment] = [*nodes, *(comment for comment in comments if id(comment) not in held)]
    end = 0
    for node in sorted(outside, key=lambda node: node.span.start):
        breaks = node.span.source.text.count("\n", end, node.span.start)
        end = node.span.end
        if isinstance(node, Comment) and entries and not breaks:
            entries[-1] = Entry(entries[-1].node, entries[-1].inside, node, entries[-1].gap)
        else:
            entries.append(Entry(node, inside.get(id(node), ()), None, bool(entries) and breaks > 1))
    return entries


def _holds(node: Node, comment: Comment) -> bool:
    return node.span.start <= comment.span.start < node.span.end
