"""A checked loss as JSON, and back. Importing this module makes pydantic build the schema: import it only where it is
needed."""

from pydantic import TypeAdapter

from alphadsl.ir.nodes import Loss

LOSS_JSON: TypeAdapter[Loss] = TypeAdapter(Loss)


def json_of(loss: Loss) -> str:
    """The loss as indented JSON, without source spans."""
    return LOSS_JSON.dump_json(loss, indent=2).decode()
