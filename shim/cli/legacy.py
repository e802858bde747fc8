"""A command that takes a legacy ``ray start`` line: our options for click, all others untouched and in order."""

from __future__ import annotations

import click

RAY_WORDS = "shim.ray_words"


class LegacyCommand(click.Command):
    """Splits the words before click parses them, so that a value of Ray's is never taken for an option of ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse our part; the rest is in ``ctx.meta[RAY_WORDS]``."""
        if ctx.resilient_parsing:  # a line that is still being typed, for completion
            return super().parse_args(ctx, args)
        from compat.start import split_own

        ours, theirs = split_own(args, self.own_options())
        ctx.meta[RAY_WORDS] = theirs
        return super().parse_args(ctx, ours)

    def own_options(self) -> dict[str, bool]:
        """Return each spelling of our options, and whether it takes a value."""
        options = [*self.params, click.Option(["-h", "--help"], is_flag=True)]
        return {
            spelling: not option.is_flag
            for option in options
            if isinstance(option, click.Option)
            for spelling in (*option.opts, *option.secondary_opts)
        }
