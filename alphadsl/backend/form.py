"""A core as it is computed: its programs, each built when it is first asked for, and its place among streamed ones."""

from dataclasses import dataclass
from functools import cached_property

from alphadsl.backend.choice import Way
from alphadsl.backend.program import Program, build_program
from alphadsl.backend.streaming.opaque import Streamed, register
from alphadsl.backend.streaming.ranks import Together
from alphadsl.ir.core import Core


@dataclass(frozen=True)
class Form:
    core: Core

    @cached_property
    def eager(self) -> Program:
        program = build_program(self.core)
        register(program.key, self.core)
        return program

    def compiled(self, way: Way) -> Program:
        return build_program(self.core, way)

    def streamed(self, way: Way, ranks: Together) -> Streamed:
        return Streamed(self.core, self.eager.key, way, ranks)
