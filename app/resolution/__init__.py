"""Whose order is it: from what a carrier said to the shipments it is about. Pure; nothing is guessed.

Each strategy looks at the known shipments that share something with the subject and says which of them it means, or
leaves the question to the next. What none answers stays parked until a shipment appears that does. The decision names
the strategy that made it, and why.
"""

from app.resolution.decision import resolver
from app.resolution.strategies import STRATEGIES, Answer, Strategy

__all__ = ["STRATEGIES", "Answer", "Strategy", "resolver"]
