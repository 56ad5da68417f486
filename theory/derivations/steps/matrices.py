"""Matrix identities: in the algebra of orthogonal projections, at any size, or on concrete small matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Derivative, Eq, Expr, ImmutableMatrix, Integer, MatAdd, MatMul, MatPow, MatrixSymbol, Trace, Transpose
from sympy.core.function import AppliedUndef

from ...symbolic.equality import ProofStep
from .checks import Check
from .statement import Statement, worst

NAMES = (sympy.Symbol, MatrixSymbol, AppliedUndef, Derivative)
OF_ALGEBRA = (MatMul, MatAdd, MatPow, Transpose, sympy.Inverse, MatrixSymbol, sympy.ZeroMatrix)


@dataclass(frozen=True)
class Instance:
    """Concrete values of matrices, functions and symbols, with a name for the record.

    Parameters
    ----------
    name : str
    values : mapping
        From symbols, functions and matrix symbols to values.

    See Also
    --------
    OnMatrices : The check that takes instances.

    Examples
    --------
    >>> A = MatrixSymbol("A", 2, 2)
    >>> Instance("a rotation", {A: ImmutableMatrix([[0, -1], [1, 0]])}).name
    'a rotation'
    """

    name: str
    values: Mapping[Any, Any]


class OnMatrices(Check):
    """The statement holds on concrete matrices, exactly, in all instances.

    Cited equations ``symbol = expression`` give the symbol its value; other cited equations, and those of symbols
    that the instance already gives a value, must hold on the instance.

    Parameters
    ----------
    instances : callable
        Returns the instances; called when the step is checked.
    *uses : str

    See Also
    --------
    Instance : Values of one instance.
    InAlgebra : A statement at any size.

    Examples
    --------
    >>> from linmod.theory.derivations import Statement
    >>> A = MatrixSymbol("A", 2, 2)
    >>> check = OnMatrices(lambda: [Instance("a rotation", {A: ImmutableMatrix([[0, -1], [1, 0]])})])
    >>> check.settle(Statement("turn twice", Eq(A * A, -sympy.Identity(2)), {}, ())).holds
    True
    """

    kind = "matrix identity on concrete matrices"

    def __init__(self, instances: Callable[[], Sequence[Instance]], *uses: str) -> None:
        super().__init__(*uses)
        self.instances = instances

    def settle(self, claim: Statement) -> ProofStep:
        """Evaluate both sides on each instance, and stop at the first where they differ."""
        outcomes = []
        for instance in self.instances():
            try:
                outcome = self._on(instance, claim)
            except ValueError as error:
                return claim.fails(f"cannot be evaluated: {error}")
            if not outcome.holds:
                return ProofStep(
                    claim.name, outcome.residual, f"{outcome.settled} ({instance.name})", False, outcome.points
                )
            outcomes.append(outcome)
        return worst(outcomes) if outcomes else claim.fails("is compared with no instance")

    def rules(self, claim: Statement) -> Sequence[str]:
        """Cited equations that give a value; the others must hold."""
        known = set().union(*(instance.values for instance in self.instances()))
        return [name for name, premise in claim.premises.items() if gives_value(premise, known)]

    def _on(self, instance: Instance, claim: Statement) -> ProofStep:
        values = dict(instance.values)
        to_hold = []
        for premise in claim.premises.values():
            if gives_value(premise, values):
                values[premise.lhs] = evaluate(premise.rhs, values)
            else:
                to_hold.append(premise)
        return worst(self._compared(equation, values, claim) for equation in (claim.statement, *to_hold))

    @staticmethod
    def _compared(equation: Eq, values: Mapping[Any, Any], claim: Statement) -> ProofStep:
        residuals = _residuals(evaluate(equation.lhs, values), evaluate(equation.rhs, values))
        outcomes = [claim.equal(*pair) for pair in sorted(residuals, key=str)]
        return worst(outcomes) if outcomes else claim.equal(Integer(0), Integer(0))


def gives_value(premise: Eq, known: Iterable[Any]) -> bool:
    """Whether an equation gives a value to a name that has none yet."""
    return isinstance(premise.lhs, NAMES) and premise.lhs not in known


class InAlgebra(Check):
    """The statement holds in the algebra that orthogonal projections with sum 1 span.

    An element is the tuple of its coefficients, and products act coefficient by coefficient; so a statement holds
    if and only if it holds for each projection set to 1 with the others 0. That is at any size of the matrices.

    Parameters
    ----------
    projections : sequence of MatrixSymbol
    *uses : str
        Equations that are put in for matrices or products of them.

    See Also
    --------
    TraceInAlgebra : A statement about traces.
    OnMatrices : A statement on concrete matrices.

    Examples
    --------
    >>> from linmod.theory.derivations import Statement
    >>> P, Q, M = (MatrixSymbol(name, 3, 3) for name in "PQM")
    >>> premises = {"mixture": Eq(M, 2 * P + 3 * Q)}
    >>> check = InAlgebra([P, Q], "mixture")
    >>> check.settle(Statement("square", Eq(M * M, 4 * P + 9 * Q), premises, ())).holds
    True
    """

    kind = "matrix identity in the algebra of the projections"

    def __init__(self, projections: Sequence[MatrixSymbol], *uses: str) -> None:
        super().__init__(*uses)
        self.projections = tuple(projections)

    def settle(self, claim: Statement) -> ProofStep:
        """Compare the coefficients of each projection."""
        outcomes = []
        for chosen in self.projections:
            values: dict[Any, Any] = {p: ImmutableMatrix([[int(p == chosen)]]) for p in self.projections}
            try:
                values |= {rule.lhs: coefficient(rule.rhs, values) for rule in claim.premises.values()}
                left, right = (coefficient(side, values) for side in claim.statement.args)
            except ValueError as error:
                return claim.fails(f"cannot be evaluated: {error}")
            outcomes.append(claim.equal(left[0, 0], right[0, 0]))
        idle = [name for name, rule in claim.premises.items() if not claim.statement.has(rule.lhs)]
        return claim.fails(f"cites {idle}, which plays no part in it") if idle else worst(outcomes)


class TraceInAlgebra(Check):
    """The statement holds when its traces are taken in the algebra of the projections.

    A trace is the sum of the coefficients, each times the rank of its projection. The ranks are those of cited
    equations ``Trace(P) = rank``; the other cited equations are put in.

    Parameters
    ----------
    projections : sequence of MatrixSymbol
    *uses : str

    See Also
    --------
    InAlgebra : A statement about matrices.

    Examples
    --------
    >>> from linmod.theory.derivations import Statement
    >>> P, Q, M = (MatrixSymbol(name, 3, 3) for name in "PQM")
    >>> premises = {"mixture": Eq(M, 2 * P + 3 * Q), "one": Eq(Trace(P), 1), "two": Eq(Trace(Q), 2)}
    >>> check = TraceInAlgebra([P, Q], *premises)
    >>> check.settle(Statement("trace", Eq(Trace(M), 8), premises, ())).holds
    True
    """

    kind = "trace in the algebra of the projections"

    def __init__(self, projections: Sequence[MatrixSymbol], *uses: str) -> None:
        super().__init__(*uses)
        self.projections = tuple(projections)

    def settle(self, claim: Statement) -> ProofStep:
        """Replace each trace by its value, and compare the two sides."""
        traces = [Trace(projection) for projection in self.projections]
        rules = list(claim.premises.values())
        ranks = {rule.lhs: rule.rhs for rule in rules if rule.lhs in traces}
        matrices = [rule for rule in rules if isinstance(rule.lhs, MatrixSymbol)]
        names = [rule for rule in rules if rule.lhs not in ranks and rule not in matrices]
        if set(ranks) != set(traces):
            return claim.fails("does not cite the rank of every projection")

        def value(argument: Expr) -> Expr:
            total = Integer(0)
            for chosen in self.projections:
                values: dict[Any, Any] = {p: ImmutableMatrix([[int(p == chosen)]]) for p in self.projections}
                for rule in matrices:
                    values[rule.lhs] = coefficient(rule.rhs, values)
                total += ranks[Trace(chosen)] * coefficient(argument, values)[0, 0]
            return total

        try:
            sides = [side.subs([(rule.lhs, rule.rhs) for rule in names]) for side in claim.statement.args]
            return claim.equal(*(side.replace(Trace, value) for side in sides))
        except ValueError as error:
            return claim.fails(f"cannot be evaluated: {error}")


def coefficient(expression: Expr, values: Mapping[Any, Any]) -> Any:
    """Value of an expression on one projection, if it is made of sums, products and powers alone."""
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, Trace) or (isinstance(part, sympy.MatrixExpr) and not isinstance(part, OF_ALGEBRA)):
            raise ValueError(f"{part} is not an operation of the algebra")
    return evaluate(expression, values)


def evaluate(expression: Expr, values: Mapping[Any, Any]) -> Any:
    """Value of an expression on concrete matrices; a one by one matrix counts as a number among numbers.

    Examples
    --------
    >>> A = MatrixSymbol("A", 2, 2)
    >>> evaluate(Trace(A.T * A), {A: ImmutableMatrix([[1, 2], [0, 3]])})
    14
    """
    if expression in values:
        return values[expression]
    if isinstance(expression, MatrixSymbol):
        raise ValueError(f"{expression} has no value")
    if expression.is_Atom:
        return expression
    if isinstance(expression, sympy.Inverse):
        return evaluate(expression.arg, values).inv()
    if isinstance(expression, MatMul | MatAdd | MatPow | Transpose | Trace | sympy.Mul | sympy.Add):
        parts = [evaluate(part, values) for part in expression.args]
        return _OPERATIONS[type(expression)](parts)
    if isinstance(expression, sympy.HadamardProduct):
        first, *others = (evaluate(part, values) for part in expression.args)
        for other in others:
            first = first.multiply_elementwise(other)
        return first
    return expression.func(*(evaluate(part, values) for part in expression.args))


def _product(parts: Iterable[Any]) -> Any:
    result: Any = Integer(1)
    for part in parts:
        result = result * part
    return result


def _sum(parts: Sequence[Any]) -> Any:
    if any(isinstance(part, sympy.MatrixBase) for part in parts):
        shape = next(part.shape for part in parts if isinstance(part, sympy.MatrixBase))
        one = ImmutableMatrix(sympy.eye(shape[0])) if shape[0] == shape[1] else None
        parts = [part if isinstance(part, sympy.MatrixBase) else part * one for part in parts]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


_OPERATIONS: dict[type, Callable[[Sequence[Any]], Any]] = {
    MatMul: _product,
    sympy.Mul: _product,
    MatAdd: _sum,
    sympy.Add: _sum,
    MatPow: lambda parts: parts[0] ** parts[1],
    Transpose: lambda parts: parts[0].T,
    Trace: lambda parts: parts[0].trace(),
}


def _residuals(left: Any, right: Any) -> set[tuple[Expr, Expr]]:
    """Pairs of entries that are not the same expression after expansion."""
    if not isinstance(left, sympy.MatrixBase) and not isinstance(right, sympy.MatrixBase):
        return set() if sympy.expand(left - right) == 0 else {(left, right)}
    if not isinstance(right, sympy.MatrixBase):
        right = right * sympy.eye(*left.shape)
    if not isinstance(left, sympy.MatrixBase):
        left = left * sympy.eye(*right.shape)
    pairs = zip(left, right, strict=True)
    return {(a, b) for a, b in pairs if sympy.expand(a - b) != 0}
