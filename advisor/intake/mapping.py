"""Which column means what: proposed from names and contents, corrected by who sent the file."""

import re
from collections.abc import Iterable
from typing import Final, Literal, get_args

import msgspec

from advisor.intake.described import Column, Described

Role = Literal[
    "customer", "date", "amount", "quantity", "product", "order", "discount", "type", "channel", "plan", "platform",
    "geography", "category", "email", "name", "phone",
]  # fmt: skip
ROLES: Final[tuple[Role, ...]] = get_args(Role)
REQUIRED: Final[tuple[Role, ...]] = ("customer", "date", "amount")
CONTACTS: Final[tuple[Role, ...]] = ("email", "name", "phone")

_WORDS: Final[dict[Role, str]] = {
    "customer": (
        "customerid customer custid customernumber customerno userid user clientid client "
        "memberid member accountid account buyer kundennummer kundenid kundennr kunde clientenr "
        "idclient cliente idcliente klant klantnummer klient"
    ),
    "date": (
        "invoicedate orderdate purchasedate transactiondate date datetime timestamp time "
        "createdat created datum bestelldatum rechnungsdatum kaufdatum fecha data datecommande ts"
    ),
    "amount": (
        "amount total totalamount linetotal totalprice revenue sales price unitprice value spend "
        "betrag summe umsatz gesamtbetrag preis einzelpreis stückpreis montant prix prixunitaire "
        "importe precio preciounitario importo prezzo bedrag prijs"
    ),
    "quantity": "quantity qty units pieces menge anzahl stück quantité quantite cantidad quantità aantal",
    "product": (
        "stockcode productid product sku item itemid article articleid artikel artikelnummer "
        "produkt produit producto prodotto description productname"
    ),
    "order": (
        "invoiceno invoice invoiceid orderid order orderno ordernumber transactionid receipt "
        "basketid rechnung rechnungsnummer bestellnummer bestellung facture commande factura "
        "pedido"
    ),
    "discount": "discount discountamount rebate rabatt remise descuento sconto korting",
    "type": "type eventtype event transactiontype kind art typ vorgang tipo",
    "channel": "channel source medium referral referralsource utmsource kanal canal quelle",
    "plan": "plan tier subscription level membership tarif abo abonnement",
    "platform": "platform device os devicetype plattform gerät",
    "geography": "country region city state market land stadt pays país pais ville ort ciudad stad",
    "category": "category department segment productcategory kategorie warengruppe catégorie categoría",
    "email": "email emailaddress mail correo courriel",
    "name": "name fullname customername kundenname nom nombre nome naam",
    "phone": "phone telephone mobile tel telefon handy téléphone teléfono",
}
"""Letters and digits of names, without signs between them; the surest first."""
_UNIT: Final = re.compile(
    r"unit|einzel|stück|stueck|unitaire|unitario|per ?item|price|prix|preis|precio|prezzo|prijs",
    re.IGNORECASE,
)
_WHOLE: Final = re.compile(
    r"total|sum|gesamt|line|revenue|sales|umsatz|betrag|amount|montant|importe", re.IGNORECASE
)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a column seems to be."""

    column: str
    confidence: float
    """0 to 1."""
    why: str


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the columns are, as it was decided."""

    columns: dict[Role, str]
    """Role to name of a column."""
    amount_is: Literal["total", "unit_price"] = "total"
    """A price is multiplied by the quantity."""
    time_format: str | None = None
    """As `Column.time_format`; None for what was found."""
    decimal: Literal[".", ","] | None = None
    """Of amounts and quantities; None for what was found."""


class MappingError(ValueError):
    """The mapping does not fit the file; the message says which role, and what to do."""


def proposed(found: Described) -> dict[Role, Proposal]:
    """For every role that some column fits, the best: each column once, the surest first."""
    offers = sorted(
        (
            (offer.confidence, -place, role, offer)
            for place, column in enumerate(found.columns)
            for role in ROLES
            if (offer := _offer(role, column, found.rows)) is not None
        ),
        key=lambda offer: offer[:2],
        reverse=True,
    )
    chosen: dict[Role, Proposal] = {}
    taken: set[str] = set()
    for _, _, role, offer in offers:
        if role not in chosen and offer.column not in taken:
            chosen[role] = offer
            taken.add(offer.column)
    return {role: chosen[role] for role in ROLES if role in chosen}


def as_proposed(found: Described) -> Mapping:
    """The mapping that one gets who corrects nothing; roles that are required may be missing."""
    offers = proposed(found)
    amount = offers.get("amount")
    unit = (
        amount is not None
        and "quantity" in offers
        and bool(_UNIT.search(amount.column))
        and not _WHOLE.search(amount.column)
    )
    return Mapping(
        columns={role: offer.column for role, offer in offers.items()},
        amount_is="unit_price" if unit else "total",
    )


def corrected(mapping: Mapping, corrections: dict[Role, str], unit_price: bool | None) -> Mapping:
    """A column that is corrected leaves its former role; an empty name takes the role away.

    Args:
        unit_price: None leaves it as it was.
    """
    given = set(corrections.values())
    columns = {
        role: name for role, name in mapping.columns.items() if role not in corrections and name not in given
    }
    columns |= {role: name for role, name in corrections.items() if name}
    amount_is = mapping.amount_is if unit_price is None else "unit_price" if unit_price else "total"
    return Mapping(columns=columns, amount_is=amount_is)


def check(mapping: Mapping, found: Described) -> None:
    """
    Raises:
        MappingError: a role that is needed has no column, a column is not there or cannot be what it is said to be.
    """
    there = {column.name for column in found.columns}
    missing = [role for role in REQUIRED if role not in mapping.columns]
    if missing:
        raise MappingError(f"No column is mapped to {_listed(missing)}: choose one for each.")
    for role, name in mapping.columns.items():
        if name not in there:
            raise MappingError(
                f"There is no column {name!r} for {role}; the file has {_listed(sorted(there))}."
            )
    names = list(mapping.columns.values())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MappingError(f"The column {twice[0]!r} is mapped to more than one role: choose one.")
    if mapping.amount_is == "unit_price" and "quantity" not in mapping.columns:
        raise MappingError("Where the amount is the price of one piece a column for the quantity is needed.")
    date = found.column(mapping.columns["date"])
    if mapping.time_format is None and date.time_format is None:
        raise MappingError(
            f"The column {date.name!r} holds no dates that are known (for instance {_listed(date.examples)}): choose "
            "another, or name its format."
        )
    for role in ("amount", "quantity"):
        if role in mapping.columns and found.column(mapping.columns[role]).numbers == 0:
            column = found.column(mapping.columns[role])
            raise MappingError(
                f"The column {column.name!r} holds no numbers (for instance {_listed(column.examples)}): choose "
                "another."
            )


def _offer(role: Role, column: Column, rows: int) -> Proposal | None:
    filled = rows - column.missing
    if not filled:
        return None
    named, fits = _named(role, column.name), _fits(role, column, filled)
    if not fits or not (named or role in REQUIRED):
        return None
    why = [f"its name means {role}"] if named else []
    why.append(fits[1])
    return Proposal(column=column.name, confidence=round(0.7 * named + 0.3 * fits[0], 3), why=", ".join(why))


def _named(role: Role, name: str) -> float:
    """1 for a name that is one of the words, the first of which are the surest; less where it is a part of it."""
    words = _WORDS[role].split()
    parts = [part for part in re.split(r"[\W_]+|(?<=[a-zäöüé])(?=[A-ZÄÖÜÉ])", name) if part]
    plain = "".join(parts).casefold()
    if plain in words:
        return 1.0 - 0.1 * words.index(plain) / len(words)
    return 0.6 if any(part.casefold() in words for part in parts) else 0.0


def _fits(role: Role, column: Column, filled: int) -> tuple[float, str] | None:
    """How well the values fit, and why; None if they cannot be it."""
    times, numbers = column.times / filled, column.numbers / filled
    if role == "date":
        return (times, f"{times:.0%} of its values are dates") if times >= 0.5 else None
    if role in ("amount", "quantity", "discount"):
        if numbers < 0.5 or (column.time_format == "iso" and times > 0.9):
            return None
        return numbers, f"{numbers:.0%} of its values are numbers"
    if role == "customer":
        share = column.distinct / filled
        if column.distinct < 2 or (times > 0.5 and column.time_format == "iso"):
            return None
        return (
            0.8 if share < 0.9 else 0.3
        ), f"{column.distinct:,} different values, {filled / column.distinct:,.1f} rows each"
    if role == "email":
        share = sum("@" in example for example in column.examples) / max(len(column.examples), 1)
        return (share, "its values have an @") if share > 0.5 else None
    return 0.5, f"{column.distinct:,} different values"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(repr(name) for name in every[:12])
    return f"{shown} and {len(every) - 12} more" if len(every) > 12 else shown
