"""Dunning: what a ladder of reminders does with a customer's open items on a day."""

from engine.dunning.account import (
    Account,
    CarveOut,
    DunningBlock,
    DunningCase,
    Event,
    ExchangeRate,
    OpenItem,
    PartialPayment,
    Promise,
)
from engine.dunning.charge_terms import DayCount, FixedFee, Interest, InterestRounding, PercentFee
from engine.dunning.due_terms import AfterEvent, BusinessDays, DefaultTerms, OnCredit, OnEvent, ToleranceScope
from engine.dunning.ladder import (
    Action,
    ArrearsBasis,
    Credits,
    Effect,
    Escalation,
    GraceMode,
    Ladder,
    Level,
    PreDueReminder,
    SideEffect,
)
from engine.dunning.notice import Outcome, Result
from engine.dunning.procedure import dun

__all__ = [
    "Account",
    "Action",
    "AfterEvent",
    "ArrearsBasis",
    "BusinessDays",
    "CarveOut",
    "Credits",
    "DayCount",
    "DefaultTerms",
    "DunningBlock",
    "DunningCase",
    "Effect",
    "Escalation",
    "Event",
    "ExchangeRate",
    "FixedFee",
    "GraceMode",
    "Interest",
    "InterestRounding",
    "Ladder",
    "Level",
    "OnCredit",
    "OnEvent",
    "OpenItem",
    "Outcome",
    "PartialPayment",
    "PercentFee",
    "PreDueReminder",
    "Promise",
    "Result",
    "SideEffect",
    "ToleranceScope",
    "dun",
]
