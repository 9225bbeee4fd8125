"""Small bugs that a person could make: those of mutmut, and some that it does not know.

One example: `if len(stroke) < MOST:` gives `<=`, `if False:` and `if True:`. mutmut itself skips
decorated functions and what stands outside of functions, and never forgets a lock, a clamp, a copy,
half of a condition or a whole call. Arguments that become None are left out: they end in an error.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators as mutmut

Operator = tuple[type, Callable[[Any], Iterable[cst.CSTNode]]]
SWAPPED = {"min": "max", "max": "min", "all": "any", "any": "all", "floor": "ceil", "ceil": "floor"}
COPIES = ("clone", "copy", "detach", "contiguous", "strip", "lower", "abs", "clip", "clamp")
KEPT = m.Name("property") | m.Name("staticmethod") | m.Name("classmethod")
SKIPPED = (cst.Annotation, cst.Import, cst.ImportFrom)
UNLIKELY = (mutmut.operator_arg_removal, mutmut.operator_assignment, mutmut.operator_lambda)


@dataclass(frozen=True)
class Mutation:
    """A place in a file, and what a bug makes of it."""

    line: int  # counted from 1
    module: cst.Module
    node: cst.CSTNode
    changed: cst.CSTNode

    def apply(self) -> str:
        """The source of the whole file with the bug in it."""
        mutated = self.module.deep_replace(self.node, self.changed)
        assert isinstance(mutated, cst.Module)  # as its root is never replaced
        return mutated.code


def _decide(node: cst.If) -> Iterator[cst.CSTNode]:
    for name in ("False", "True"):
        yield node.with_changes(test=cst.Name(name))


def _leave_out_half(node: cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    for side in (node.left, node.right):
        yield side.with_changes(lpar=node.lpar or side.lpar, rpar=node.rpar or side.rpar)


def _swap_name(node: cst.Name) -> Iterator[cst.CSTNode]:
    if node.value in SWAPPED:
        yield node.with_changes(value=SWAPPED[node.value])


def _swap_arguments(node: cst.Call) -> Iterator[cst.CSTNode]:
    if len(node.args) >= 2 and not any(arg.keyword or arg.star for arg in node.args[:2]):
        first, second, *rest = node.args
        swapped = first.with_changes(value=second.value), second.with_changes(value=first.value)
        yield node.with_changes(args=[*swapped, *rest])


def _leave_out_keyword(node: cst.Call) -> Iterator[cst.CSTNode]:
    for argument in node.args:
        if argument.keyword:
            yield node.with_changes(args=[other for other in node.args if other is not argument])


def _leave_out_call(node: cst.Call) -> Iterator[cst.CSTNode]:
    if isinstance(node.func, cst.Attribute) and node.func.attr.value in COPIES:
        yield node.func.value
    if m.matches(node.func, m.Name("min") | m.Name("max")) and len(node.args) == 2:
        yield from (argument.value for argument in node.args if not argument.keyword)


def _leave_out_slice(node: cst.Subscript) -> Iterator[cst.CSTNode]:
    if m.matches(node, m.Subscript(slice=[m.SubscriptElement(slice=m.Slice())])):
        yield node.value


def _leave_out_operand(node: cst.BinaryOperation) -> Iterator[cst.CSTNode]:
    if not isinstance(node.operator, cst.BitOr):
        yield node.left.with_changes(
            lpar=node.lpar or node.left.lpar, rpar=node.rpar or node.left.rpar
        )


def _leave_out_statement(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    left_out = m.Expr(m.Call() | m.Await() | m.Yield()) | m.Raise() | m.AugAssign()
    if m.matches(node, m.SimpleStatementLine([left_out])):
        yield node.with_changes(body=[cst.Pass()])


def _leave_out_with(node: cst.With) -> Iterator[cst.CSTNode]:
    if not any(item.asname for item in node.items):
        yield cst.If(cst.Name("True"), node.body, leading_lines=node.leading_lines)


def _leave_out_decorator(node: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    for each in node.decorators:
        if not m.matches(each.decorator, KEPT):
            yield node.with_changes(decorators=[d for d in node.decorators if d is not each])


OPERATORS: Sequence[Operator] = (
    *(operator for operator in mutmut.mutation_operators if operator[1] not in UNLIKELY),
    (cst.If, _decide),
    (cst.BooleanOperation, _leave_out_half),
    (cst.Name, _swap_name),
    (cst.Call, _swap_arguments),
    (cst.Call, _leave_out_keyword),
    (cst.Call, _leave_out_call),
    (cst.Subscript, _leave_out_slice),
    (cst.BinaryOperation, _leave_out_operand),
    (cst.SimpleStatementLine, _leave_out_statement),
    (cst.With, _leave_out_with),
    (cst.FunctionDef, _leave_out_decorator),
)


class _Finder(cst.CSTVisitor):
    """All places where an operator applies."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        self.module = module
        self.found: list[Mutation] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, SKIPPED) or m.matches(node, m.Expr(m.SimpleString())):
            return False
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                line = self.get_metadata(PositionProvider, node).start.line
                self.found += [Mutation(line, self.module, node, new) for new in operator(node)]
        return True


def mutations(source: str) -> list[Mutation]:
    """All small bugs of a file."""
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    finder = _Finder(wrapper.module)
    wrapper.visit(finder)
    return finder.found
