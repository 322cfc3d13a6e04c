"""The currencies that amounts may have, and how many decimals each is counted in.

Source: ISO 4217, list one (current currency and funds codes) as kept by its maintenance agency, SIX; state of
1 January 2026. Codes without a minor unit (metals, bond market units, SDR, testing) are no currencies of invoices and
are left out.
"""

from __future__ import annotations

_CODES_BY_MINOR_UNITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
        COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
        INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
        MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
        STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

_MINOR_UNITS = {code: units for units, codes in _CODES_BY_MINOR_UNITS.items() for code in codes.split()}


def minor_units(code: str) -> int | None:
    """Decimals of an amount in the currency: 2 for EUR, 0 for JPY, 3 for KWD; None when the code is not known."""
    return _MINOR_UNITS.get(code)
