"""What columns mean, by their names in several languages and by what is in them."""

import datetime as dt
from pathlib import Path

import pytest

from advisor.intake.described import Described
from advisor.intake.mapping import Mapping, MappingError, Role, as_proposed, check, proposed
from advisor.intake.reading import read

AT = dt.datetime(2023, 3, 1, 9, 30, tzinfo=dt.UTC)


def described(head: str, folder: Path, sign: str = ",") -> Described:
    """Rows of customer, date, amount, pieces, article, order, mail, country under any heads."""
    rows = [
        sign.join((
            f"C{n % 40}", (AT + dt.timedelta(days=n)).strftime("%Y-%m-%d"), f"{n % 90}.50", str(n % 4 + 1),
            f"P{n % 9}", f"R{n}", f"c{n % 40}@example.org", ("DE", "FR")[n % 2],
        ))
        for n in range(200)
    ]  # fmt: skip
    (folder / "upload").write_text("\n".join([head, *rows]) + "\n", "utf-8")
    return read(folder / "upload", folder / "rows.parquet")


ROLES: tuple[Role, ...] = ("customer", "date", "amount", "quantity", "product", "order", "email", "geography")
HEADS = {
    "English": "CustomerID,InvoiceDate,UnitPrice,Quantity,StockCode,InvoiceNo,Email,Country",
    "written apart": "customer_id,order date,unit price,qty,product id,order_id,e-mail,country",
    "German": "Kundennummer,Rechnungsdatum,Einzelpreis,Menge,Artikelnummer,Rechnungsnummer,E-Mail,Land",
    "French": "Client,DateCommande,Prix unitaire,Quantité,Produit,Facture,Courriel,Pays",
    "Spanish": "IdCliente,Fecha,Precio,Cantidad,Producto,Pedido,Correo,Ciudad",
    "Dutch": "Klantnummer,Datum,Prijs,Aantal,Product,Order,Mail,Stad",
}


@pytest.mark.parametrize("language", HEADS)
def test_names_are_understood(language: str, tmp_path: Path) -> None:
    head = HEADS[language]
    found = described(head, tmp_path)
    offers = proposed(found)
    names = dict(zip(ROLES, head.split(","), strict=True))
    assert {role: offers[role].column for role in names if role in offers} == names
    assert as_proposed(found).amount_is == "unit_price"
    check(as_proposed(found), found)


def test_a_total_is_not_multiplied(tmp_path: Path) -> None:
    head = "customer,date,total,quantity,product,order,email,country"
    assert as_proposed(described(head, tmp_path)).amount_is == "total"


def test_without_names_contents_tell(tmp_path: Path) -> None:
    offers = proposed(described("a,b,c,d,e,f,g,h", tmp_path))
    assert offers["date"].column == "b"
    assert set(offers) >= {"customer", "date", "amount"}
    assert "dates" in offers["date"].why


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"customer": None}, "No column is mapped to 'customer'"),
        ({"amount": "Nowhere"}, "There is no column 'Nowhere' for amount"),
        ({"amount": "Quantity"}, "'Quantity' is mapped to more than one role"),
        ({"date": "StockCode", "product": None}, "'StockCode' holds no dates"),
        ({"amount": "Country", "geography": None}, "'Country' holds no numbers"),
        ({"quantity": None}, "a column for the quantity is needed"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[Role, str | None], message: str, tmp_path: Path) -> None:
    found = described(HEADS["English"], tmp_path)
    columns = {
        role: name for role, name in ({**as_proposed(found).columns, **change}).items() if name is not None
    }
    with pytest.raises(MappingError, match=message):
        check(Mapping(columns=columns, amount_is="unit_price"), found)
