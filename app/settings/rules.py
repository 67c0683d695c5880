"""How a merchant's numbers hang together, per source: ``number_rules``."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.numbering import Rule, pattern_problem
from app.settings.values import InWords, shown

__all__ = ["NumberRule"]

_LONGEST = 100
_PATTERNS = frozenset({"from-invoice", "to-invoice"})


def _text(value: str) -> str:
    if 0 < len(value.strip()) == len(value) <= _LONGEST and value.isprintable():
        return value
    raise ValueError(f"must be 1 to {_LONGEST} characters without spaces around them, not {shown(value)}")


Text = Annotated[str, AfterValidator(_text), InWords("text")]


class NumberRule(BaseModel):
    """One rule: a prefix or suffix to strip or add, or a tracking number that is made of an invoice or order."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    rule: Literal["strip-prefix", "strip-suffix", "add-prefix", "add-suffix", "from-invoice", "to-invoice"] = Field(
        description=(
            "What is done: a prefix or suffix is stripped or added; from-invoice makes VTEX's tracking number of the"
            " invoice or order that the carrier names; to-invoice reads them out of the carrier's tracking number."
        )
    )
    value: Text | None = Field(default=None, description="The prefix or suffix.")
    pattern: Text | None = Field(
        default=None,
        description=(
            "Of from-invoice and to-invoice: text with {invoice}, {series}, {cnpj} or {order}. A width pads with zeros"
            " and says where it ends: LOJA{invoice:9}{series:1}. Without one, zeros before it are left out."
        ),
    )
    of: Literal["number", "order"] = Field(
        default="number", description="Whether a prefix or suffix is of tracking numbers or of order ids."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse a rule that lacks what it needs, or has what it cannot use."""
        if self.rule not in _PATTERNS:
            if self.value is None or self.pattern is not None:
                raise ValueError(f"needs value, and no pattern: {self.rule} is about one prefix or suffix")
            return self
        if self.pattern is None or self.value is not None or self.of != "number":
            raise ValueError(f"needs pattern, and neither value nor of: {self.rule} is about tracking numbers")
        if problem := pattern_problem(Rule(self.rule), self.pattern):
            raise ValueError(f"has the pattern {shown(self.pattern)}: {problem}")
        return self
