"""A checked loss as JSON, and back. Pydantic builds the schema when this is imported: do that where it is wanted."""

from pydantic import TypeAdapter

from alphadsl.ir.nodes import Loss

LOSS_JSON: TypeAdapter[Loss] = TypeAdapter(Loss)


def json_of(loss: Loss) -> str:
    """Indented, without the spans."""
    return LOSS_JSON.dump_json(loss, indent=2).decode()
