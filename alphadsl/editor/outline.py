"""From a parsed text to the outline shown by an editor: its losses, and what each defines."""

from lsprotocol.types import DocumentSymbol, SymbolKind

from alphadsl.editor.positions import Positions
from alphadsl.syntax import tree


def outline(file: tree.SpecFile, positions: Positions) -> list[DocumentSymbol]:
    return [_of_loss(loss, positions) for loss in file.losses]


def _of_loss(loss: tree.LossDef, positions: Positions) -> DocumentSymbol:
    children = [symbol for item in loss.items if (symbol := _of_item(item, positions))]
    return _symbol(loss.name, SymbolKind.Class, loss, positions, children)


def _of_item(item: tree.Item, positions: Positions) -> DocumentSymbol | None:
    match item:
        case tree.ParamItem(name) | tree.LearnItem(name) | tree.SetItem(name):
            return _symbol(name, SymbolKind.Variable, item, positions)
        case tree.FunctionItem(name):
            return _symbol(name, SymbolKind.Function, item, positions)
        case tree.IndexedItem(name) | tree.ConstantItem(name):
            return _symbol(name, SymbolKind.Property, item, positions)
        case _:
            return None


def _symbol(
    name: tree.Name,
    kind: SymbolKind,
    node: tree.LossDef | tree.Item,
    positions: Positions,
    children: list[DocumentSymbol] | None = None,
) -> DocumentSymbol:
    return DocumentSymbol(
        name.text, kind, positions.range_of(node.span), positions.range_of(name.span), children=children
    )
