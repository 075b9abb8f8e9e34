"""royalty invoices"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "example_app_0003"
down_revision: str | None = "example_app_0002"

AMOUNT = types.AmountType(21, 6)
INVOICES = sa.table(
    "tabSales Invoice",
    *map(sa.column, ("name", "owner", "modified", "modified_by", "docstatus", "franchise_outlet", "posting_date")),
    *(sa.column(name, AMOUNT) for name in ("net_total", "royalty_percentage")),
    *(sa.column(name, AMOUNT) for name in ("franchise_royalty", "franchise_marketing_fee")),
)
ENTRIES = sa.table(
    "tabFranchise Royalty Entry",
    *map(sa.column, ("name", "owner", "creation", "modified", "modified_by")),
    *map(sa.column, ("franchise_outlet", "sales_invoice", "posting_date")),
    *(sa.column(name, AMOUNT) for name in ("sales_amount", "royalty_percentage")),
    *(sa.column(name, AMOUNT) for name in ("royalty_amount", "marketing_fee_amount")),
)


def upgrade() -> None:
    op.create_table(
        "tabFranchise Royalty Invoice",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("amended_from", types.ShortText(140), nullable=True),
        sa.Column("franchise_outlet", types.ShortText(140), nullable=True),
        sa.Column("month", types.ShortText(140), nullable=True),
        sa.Column("posting_date", sa.Date(), nullable=True),
        sa.Column("total_sales", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("total_royalty", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("total_marketing_fee", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("grand_total", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Royalty Invoice")),
    )
    op.create_index(
        op.f("ix_tabFranchise Royalty Invoice_amended_from"),
        "tabFranchise Royalty Invoice",
        ["amended_from"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tabFranchise Royalty Invoice_franchise_outlet"),
        "tabFranchise Royalty Invoice",
        ["franchise_outlet"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tabFranchise Royalty Invoice_month"),
        "tabFranchise Royalty Invoice",
        ["month"],
        unique=False,
    )
    op.create_table(
        "tabFranchise Royalty Invoice Item",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("parent", types.ShortText(140), nullable=True),
        sa.Column("parenttype", types.ShortText(140), nullable=True),
        sa.Column("parentfield", types.ShortText(140), nullable=True),
        sa.Column("sales_invoice", types.ShortText(140), nullable=True),
        sa.Column("posting_date", sa.Date(), nullable=True),
        sa.Column("sales_amount", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("royalty_percentage", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("royalty_amount", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("marketing_fee_amount", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Royalty Invoice Item")),
    )
    op.create_index(
        op.f("ix_tabFranchise Royalty Invoice Item_parent"),
        "tabFranchise Royalty Invoice Item",
        ["parent"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tabFranchise Royalty Invoice Item_sales_invoice"),
        "tabFranchise Royalty Invoice Item",
        ["sales_invoice"],
        unique=False,
    )
    with op.batch_alter_table("tabFranchise Royalty Entry") as batch_op:
        batch_op.add_column(
            sa.Column("marketing_fee_amount", types.AmountType(21, 6), server_default="0", nullable=False),
        )
    _fill_in_marketing_fees()
    _enter_fees_without_royalty()


def downgrade() -> None:
    op.execute(ENTRIES.delete().where(ENTRIES.c.royalty_amount == 0))
    with op.batch_alter_table("tabFranchise Royalty Entry") as batch_op:
        batch_op.drop_column("marketing_fee_amount")
    op.drop_index(
        op.f("ix_tabFranchise Royalty Invoice Item_sales_invoice"),
        table_name="tabFranchise Royalty Invoice Item",
    )
    op.drop_index(op.f("ix_tabFranchise Royalty Invoice Item_parent"), table_name="tabFranchise Royalty Invoice Item")
    op.drop_table("tabFranchise Royalty Invoice Item")
    op.drop_index(op.f("ix_tabFranchise Royalty Invoice_month"), table_name="tabFranchise Royalty Invoice")
    op.drop_index(op.f("ix_tabFranchise Royalty Invoice_franchise_outlet"), table_name="tabFranchise Royalty Invoice")
    op.drop_index(op.f("ix_tabFranchise Royalty Invoice_amended_from"), table_name="tabFranchise Royalty Invoice")
    op.drop_table("tabFranchise Royalty Invoice")


def _fill_in_marketing_fees() -> None:
    """Gives each royalty entry the fee that its invoice states."""
    stated = sa.select(INVOICES.c.franchise_marketing_fee).where(INVOICES.c.name == ENTRIES.c.sales_invoice)
    op.execute(ENTRIES.update().values(marketing_fee_amount=sa.func.coalesce(stated.scalar_subquery(), 0)))


def _enter_fees_without_royalty() -> None:
    """Makes the entries of the invoices that owe a fee alone: until now an entry was made for a royalty only."""
    entered = sa.exists().where(ENTRIES.c.sales_invoice == INVOICES.c.name)
    missing = sa.and_(INVOICES.c.docstatus == 1, INVOICES.c.franchise_marketing_fee != 0, ~entered)
    columns = {
        "name": INVOICES.c.name,
        "owner": INVOICES.c.owner,
        "creation": INVOICES.c.modified,
        "modified": INVOICES.c.modified,
        "modified_by": INVOICES.c.modified_by,
        "franchise_outlet": INVOICES.c.franchise_outlet,
        "sales_invoice": INVOICES.c.name,
        "posting_date": INVOICES.c.posting_date,
        "sales_amount": INVOICES.c.net_total,
        "royalty_percentage": INVOICES.c.royalty_percentage,
        "royalty_amount": INVOICES.c.franchise_royalty,
        "marketing_fee_amount": INVOICES.c.franchise_marketing_fee,
    }
    op.execute(ENTRIES.insert().from_select(list(columns), sa.select(*columns.values()).where(missing)))
