"""Fills a fresh Tryton database: a company, three items, two lots with expiry, stock in two locations, two users.

Run by the Python of a Tryton environment, not by the node's: `python seed.py CONFIG DATABASE PASSWORD`.
"""

import sys
from datetime import date
from decimal import Decimal

from proteus import Model, Wizard, config

CONFIG, DATABASE, PASSWORD = sys.argv[1:]
TODAY = date.today()

config.set_trytond(f"sqlite:///{DATABASE}", config_file=CONFIG)
Module = Model.get("ir.module")


def found(model: str, *domain: tuple) -> Model:
    return Model.get(model).find(list(domain))[0]


def company() -> Model:
    currency = Model.get("currency.currency")(name="Euro", code="EUR", symbol="€", rounding=Decimal("0.01"))
    currency.save()
    party = Model.get("party.party")(name="Red Cross of Testland")
    party.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency = party, currency
    wizard.execute("add")
    made = found("company.company")
    config.get_config()._context = Model.get("res.user").get_preferences(True, {})
    return made


def product(name: str, code: str, uom: str) -> Model:
    template = Model.get("product.template")()
    template.name, template.type = name, "goods"
    template.default_uom = found("product.uom", ("symbol", "=", uom))
    template.list_price = Decimal("1")
    (variant,) = template.products
    variant.suffix_code = code
    variant.cost_price = Decimal("1")
    if code == "PARA":
        template.expiration_state = template.shelf_life_state = "optional"
    template.save()
    return template.products[0]


def location(name: str, code: str, parent: Model = None) -> Model:
    made = Model.get("stock.location")(name=name, code=code, type="storage", parent=parent)
    made.save()
    return made


def lot(number: str, of: Model, expiry: date) -> Model:
    made = Model.get("stock.lot")(number=number, product=of)
    made.expiration_date = expiry
    made.save()
    return made


def put(of: Model, quantity: float, where: Model, of_lot: Model = None) -> None:
    Move = Model.get("stock.move")
    move = Move()
    move.product, move.quantity = of, quantity
    move.from_location, move.to_location = found("stock.location", ("type", "=", "lost_found")), where
    move.effective_date = TODAY
    if of_lot is not None:
        move.lot = of_lot
    move.save()
    move.click("do")


def user(login: str, of: Model, *groups: str) -> None:
    made = Model.get("res.user")(name=login, login=login, password=PASSWORD)
    made.companies.append(Model.get("company.company")(of.id))
    made.company = Model.get("company.company")(of.id)
    for name in groups:
        made.groups.append(found("res.group", ("name", "=", name)))
    made.save()


ours = company()
storage = found("stock.location", ("code", "=", "STO"))
shelf = location("Shelf A", "SHELF-A", storage)
location("On loan", "LOAN")
blanket, rope, pills = (
    product("Blanket, woven, 1.5 x 2 m", "BLANKET", "u"),
    product("Rope", "ROPE", "m"),
    product("Paracetamol 500 mg", "PARA", "u"),
)
first, second = lot("P-2401", pills, date(2031, 5, 31)), lot("P-2402", pills, date(2032, 1, 15))
put(blanket, 100, storage)
put(blanket, 20, shelf)
put(rope, 12.5, storage)
put(pills, 400, storage, first)
put(pills, 250, shelf, second)
user("xstock", ours, "Stock")
user("nobody", ours)
