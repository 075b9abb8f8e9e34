"""royalty invoices"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "example_app_0003"
down_revision: str | None = "example_app_0002"


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


def downgrade() -> None:
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
    fee = sa.column("franchise_marketing_fee", types.AmountType(21, 6))
    invoices = sa.table("tabSales Invoice", sa.column("name"), fee)
    entries = sa.table("tabFranchise Royalty Entry", sa.column("sales_invoice"), sa.column("marketing_fee_amount"))
    stated = sa.select(invoices.c.franchise_marketing_fee).where(invoices.c.name == entries.c.sales_invoice)
    op.execute(entries.update().values(marketing_fee_amount=sa.func.coalesce(stated.scalar_subquery(), 0)))
