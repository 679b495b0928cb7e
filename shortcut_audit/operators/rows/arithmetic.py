"""What does element-wise arithmetic do: sums, products, comparisons, choices?

What a sum or a product is on a route depends on what else it reads.
"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.operators.row import Effect, Operator, rows, table_of
from shortcut_audit.operators.shapes import arithmetic, constants
from shortcut_audit.operators.shapes.element_types import ANY, BOOL, PAIR, SECOND, either
from shortcut_audit.operators.shapes.elementwise import binary, quantised_binary, quantised_where, same, variadic, where

_PRODUCT = Operator(Effect.PRODUCT, data=(0, 1), shape=binary, types=PAIR, pointwise=True, neutral=1)
_SUM = Operator(Effect.SUM, data=(0, 1), shape=binary, types=PAIR, pointwise=True, bias=(0, 1), neutral=0)
_SUM_OF_ALL = replace(_SUM, data=(), shape=variadic, types=ANY, bias=(0, 1, 2, 3))
_NONLINEAR = Operator(Effect.NONLINEAR, data=(), shape=binary, pointwise=True)
_COMPARISON = replace(_NONLINEAR, types=BOOL)
_EXTREME = replace(_NONLINEAR, shape=variadic, types=ANY)
_FUSED = Operator(Effect.UNKNOWN, data=(), shape=quantised_binary)

ROWS = table_of(
    # Products.
    rows("Mul", replace(_PRODUCT, elements=arithmetic.pairs(arithmetic.MUL))),
    rows("Div", replace(_PRODUCT, data=(0,), elements=arithmetic.pairs(arithmetic.DIV))),
    rows(
        "Neg",
        Operator(Effect.PRODUCT, shape=same, elements=arithmetic.singles(arithmetic.negative), pointwise=True),
    ),
    rows("Scale", Operator(Effect.PRODUCT, shape=same, pointwise=True)),
    # Sums. Bias: what is added is no operand of its own.
    rows("Add", replace(_SUM, elements=arithmetic.pairs(arithmetic.ADD))),
    rows("Sub", replace(_SUM, elements=arithmetic.pairs(arithmetic.SUB), negated=(1,))),
    rows("Sum", replace(_SUM_OF_ALL, elements=arithmetic.pairs(arithmetic.ADD))),
    rows("Mean", replace(_SUM_OF_ALL, neutral=None, averages=True)),
    rows("Bias", replace(_SUM, data=(0,), shape=same, types=None, bias=(1,))),
    # Choices.
    rows(
        "Where",
        Operator(
            Effect.CHOICE,
            data=(1, 2),
            shape=where,
            types=(either(1, 2),),
            elements=constants.where,
            pointwise=True,
            buffers=(0,),
        ),
    ),
    rows("Max", replace(_EXTREME, elements=arithmetic.pairs(arithmetic.MAX), rescales=True, masks=True)),
    rows("Min", replace(_EXTREME, elements=arithmetic.pairs(arithmetic.MIN))),
    # Comparisons and logic.
    rows("Equal", replace(_COMPARISON, elements=arithmetic.pairs(arithmetic.EQUAL))),
    rows("Less", replace(_COMPARISON, elements=arithmetic.pairs(arithmetic.LESS))),
    rows("Greater", replace(_COMPARISON, elements=arithmetic.pairs(arithmetic.GREATER))),
    rows("LessOrEqual", replace(_COMPARISON, elements=arithmetic.pairs(arithmetic.LESS_OR_EQUAL))),
    rows("GreaterOrEqual", replace(_COMPARISON, elements=arithmetic.pairs(arithmetic.GREATER_OR_EQUAL))),
    rows("And", replace(_COMPARISON, elements=arithmetic.pairs(arithmetic.AND))),
    rows("Or", replace(_COMPARISON, elements=arithmetic.pairs(arithmetic.OR))),
    rows("Xor", replace(_COMPARISON, elements=arithmetic.pairs(arithmetic.XOR))),
    rows("Mod", replace(_NONLINEAR, types=PAIR, elements=arithmetic.pairs(arithmetic.MOD, remainder=True))),
    rows("BitwiseAnd BitwiseOr BitwiseXor", replace(_NONLINEAR, types=PAIR, bits=True)),
    rows("BitShift", replace(_NONLINEAR, bits=True)),
    # Written out before anybody looks.
    rows("com.microsoft::QLinearAdd com.microsoft::QLinearMul", _FUSED),
    rows("com.microsoft::QLinearWhere", replace(_FUSED, shape=quantised_where, types=SECOND)),
    rows("StringConcat", replace(_FUSED, shape=binary)),
)
