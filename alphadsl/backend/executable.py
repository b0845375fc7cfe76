"""A core in executable form: its program, built on first use, and the ways to take its step."""

from dataclasses import dataclass
from functools import cached_property

from alphadsl.backend.custom_op import Run, register
from alphadsl.backend.dispatch import Way
from alphadsl.backend.execution import Products, Together
from alphadsl.backend.program import Program, build_program
from alphadsl.ir.core import Core


@dataclass(frozen=True)
class ExecutableCore:
    core: Core

    @cached_property
    def eager(self) -> Program:
        program = build_program(self.core)
        register(program.key, self.core)
        return program

    def run(self, way: Way, streams: bool, ranks: Together, products: Products) -> Run:
        return Run(self.eager.key, way.value, streams, ranks, products)
