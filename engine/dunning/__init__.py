"""Dunning: what a ladder of reminders does with a customer's open items on a day."""

from engine.dunning.account import Account, CarveOut, DunningBlock, DunningCase, OpenItem, PartialPayment, Promise
from engine.dunning.ladder import (
    Action,
    ArrearsBasis,
    Credits,
    DayCount,
    Effect,
    Escalation,
    FixedFee,
    GraceMode,
    Interest,
    InterestRounding,
    Ladder,
    Level,
    PercentFee,
    PreDueReminder,
    SideEffect,
)
from engine.dunning.notice import Outcome, Result
from engine.dunning.procedure import dun

__all__ = [
    "Account",
    "Action",
    "ArrearsBasis",
    "CarveOut",
    "Credits",
    "DayCount",
    "DunningBlock",
    "DunningCase",
    "Effect",
    "Escalation",
    "FixedFee",
    "GraceMode",
    "Interest",
    "InterestRounding",
    "Ladder",
    "Level",
    "OpenItem",
    "Outcome",
    "PartialPayment",
    "PercentFee",
    "PreDueReminder",
    "Promise",
    "Result",
    "SideEffect",
    "dun",
]
