"""A plan as narwhals expressions, stage by stage, on any engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import narwhals.stable.v2 as nw

from cpeval.definitions.scales import Scale
from cpeval.scoring.algebra import Expressions
from cpeval.scoring.invalid_answers import Frame, Schema
from cpeval.scoring.plan import Plan, Use, all_needed


def scored_frame(uses: Sequence[Use], frame: Frame, schema: Schema, *, answered: bool) -> Frame:
    """Add every scale of every use; what stands at one stage is computed in one pass."""
    plans = [Plan(use, Expressions(schema)) for use in uses]
    kept = [_kept(plan, place, answered=answered) for place, plan in enumerate(plans)]
    parts = []
    first = []
    for plan, columns in zip(plans, kept, strict=True):
        worth = {i.code: plan.points(i) for i in plan.definition.items}
        first += [worth[code].alias(name) for code, name in columns.items()]
        parts.append({c: nw.col(columns[c]) if c in columns else w for c, w in worth.items()})
    if first:
        frame = frame.with_columns(*first)
    stages = [list(_stages(plan)) for plan in plans]
    for level in range(max(map(len, stages))):
        new = {}
        for plan, mine, scales in zip(plans, parts, stages, strict=True):
            made = {s.name: nw.col(plan.use.column(s)) for s in plan.definition.scored}
            for scale in scales[level] if level < len(scales) else []:
                new[plan.use.column(scale)] = plan.scale(scale, mine, made)
        frame = frame.with_columns(
            *(value.cast(nw.Float64).alias(name) for name, value in new.items())
        )
    if answered:
        frame = frame.with_columns(
            *(
                plan.count(scale, mine).cast(nw.Int64).alias(f"{plan.use.column(scale)}_answered")
                for plan, mine in zip(plans, parts, strict=True)
                for scale in plan.definition.scored
            )
        )
    spare = [name for columns in kept for name in columns.values()]
    return frame.drop(*spare) if spare else frame


def points_frame(use: Use, frame: Frame, schema: Schema) -> Frame:
    """Return one column an item: what its answers are worth."""
    plan = Plan(use, Expressions(schema))
    worth = {item.code: plan.points(item) for item in use.definition.items}
    return frame.select(*(value.cast(nw.Float64).alias(code) for code, value in worth.items()))


def _kept(plan: Plan, place: int, *, answered: bool) -> dict[str, str]:
    """Items whose points are used more than once: computed once, in a column of their own."""
    uses: dict[str, int] = {}
    for scale in plan.definition.scored:
        direct = plan.definition.items_of(scale) if scale.items is not None else []
        for code in direct:
            uses[code] = uses.get(code, 0) + (2 if answered or not all_needed(scale) else 1)
    several = [code for code, n in uses.items() if n > 1]
    return {code: f"__cpeval_points_{place}_{n}" for n, code in enumerate(several)}


def _stages(plan: Plan) -> Iterator[list[Scale]]:
    """Scales that depend only on earlier ones go together in one pass."""
    depth: dict[str, int] = {}
    for scale in plan.definition.scored:
        sources = [scale.of] if scale.of is not None else [t.scale for t in scale.terms or []]
        depth[scale.name] = 1 + max((depth[s] for s in sources), default=-1)
    for level in range(max(depth.values()) + 1):
        yield [s for s in plan.definition.scored if depth[s.name] == level]
