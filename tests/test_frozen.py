"""Classes by `frozen` behave like those by `dataclass(frozen=True)`: compared here, member by member."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from alphadsl.frozen import frozen


class Pair:
    name: str
    value: float = 1.0
    span: Any = field(default=None, compare=False, repr=False)


class One:
    name: str


class Nothing:
    pass


CASES = [(Pair, ("a", 2.0, 7)), (Pair, ("a",)), (One, ("a",)), (Nothing, ())]


def made(cls: type, by: Any) -> Any:
    return by(type(cls.__name__, (), {**vars(cls), "__qualname__": cls.__qualname__}))


@pytest.mark.parametrize(("cls", "given"), CASES)
def test_as_a_dataclass(cls: type, given: tuple[Any, ...]) -> None:
    ours, usual = made(cls, frozen), made(cls, dataclass(frozen=True))
    node, other = ours(*given), usual(*given)
    assert repr(node) == repr(other)
    assert ours.__match_args__ == usual.__match_args__
    assert [part.name for part in fields(node)] == [part.name for part in fields(other)]
    assert node == ours(*given)
    assert hash(node) == hash(ours(*given))
    assert node != other
    with pytest.raises(FrozenInstanceError):
        node.name = "b"


def test_what_is_not_compared_does_not_count() -> None:
    pair = made(Pair, frozen)
    assert pair("a", 2.0, 1) == pair("a", 2.0, 2)
    assert len({pair("a", 2.0, 1), pair("a", 2.0, 2), pair("a", 3.0), pair("b", 2.0)}) == 3
    assert replace(pair("a", 2.0, 1), name="b") == pair("b", 2.0)


def test_nodes_travel() -> None:
    from alphadsl.ir.nodes import Num

    node = pickle.loads(pickle.dumps(Num(1.5)))
    assert (node, hash(node), repr(node)) == (Num(1.5), hash(Num(1.5)), "Num(value=1.5)")
