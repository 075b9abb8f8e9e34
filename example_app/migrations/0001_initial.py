"""initial"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "example_app_0001"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table(
        "tabBin",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("warehouse", types.ShortText(140), nullable=True),
        sa.Column("item_code", types.ShortText(140), nullable=True),
        sa.Column("actual_qty", types.BigInt(), server_default="0", nullable=False),
        sa.Column("reserved_qty", types.BigInt(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabBin")),
    )
    op.create_index(op.f("ix_tabBin_warehouse"), "tabBin", ["warehouse"], unique=False)
    op.create_table(
        "tabFranchise Agreement",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("amended_from", types.ShortText(140), nullable=True),
        sa.Column("franchise_outlet", types.ShortText(140), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("expiry_date", sa.Date(), nullable=True),
        sa.Column("signed_by", types.ShortText(140), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Agreement")),
    )
    op.create_index(
        op.f("ix_tabFranchise Agreement_amended_from"),
        "tabFranchise Agreement",
        ["amended_from"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tabFranchise Agreement_franchise_outlet"),
        "tabFranchise Agreement",
        ["franchise_outlet"],
        unique=False,
    )
    op.create_table(
        "tabFranchise Compliance Report",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("franchise_outlet", types.ShortText(140), nullable=True),
        sa.Column("report_month", types.ShortText(140), nullable=True),
        sa.Column("report_date", sa.Date(), nullable=True),
        sa.Column("franchise_agreement", types.ShortText(140), nullable=True),
        sa.Column("status", types.ShortText(140), nullable=True),
        sa.Column("total_sales", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("royalty_due", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("marketing_fee_due", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("invoice_count", types.BigInt(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Compliance Report")),
    )
    op.create_index(
        op.f("ix_tabFranchise Compliance Report_report_month"),
        "tabFranchise Compliance Report",
        ["report_month"],
        unique=False,
    )
    op.create_table(
        "tabFranchise Royalty Entry",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("franchise_outlet", types.ShortText(140), nullable=True),
        sa.Column("sales_invoice", types.ShortText(140), nullable=True),
        sa.Column("posting_date", sa.Date(), nullable=True),
        sa.Column("sales_amount", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("royalty_percentage", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("royalty_amount", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Royalty Entry")),
        sa.UniqueConstraint("sales_invoice", name=op.f("uq_tabFranchise Royalty Entry_sales_invoice")),
    )
    op.create_index(
        op.f("ix_tabFranchise Royalty Entry_franchise_outlet"),
        "tabFranchise Royalty Entry",
        ["franchise_outlet"],
        unique=False,
    )
    op.create_table(
        "tabFranchise Sales Summary",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("franchise_outlet", types.ShortText(140), nullable=True),
        sa.Column("month", types.ShortText(140), nullable=True),
        sa.Column("total_sales", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("total_royalty", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("total_marketing_fee", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("invoice_count", types.BigInt(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Sales Summary")),
    )
    op.create_index(op.f("ix_tabFranchise Sales Summary_month"), "tabFranchise Sales Summary", ["month"], unique=False)
    op.create_table(
        "tabFranchise Stock Snapshot",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("franchise_outlet", types.ShortText(140), nullable=True),
        sa.Column("snapshot_date", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Stock Snapshot")),
    )
    op.create_table(
        "tabFranchise Stock Snapshot Item",
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
        sa.Column("item_code", types.ShortText(140), nullable=True),
        sa.Column("actual_qty", types.BigInt(), server_default="0", nullable=False),
        sa.Column("reserved_qty", types.BigInt(), server_default="0", nullable=False),
        sa.Column("available_qty", types.BigInt(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Stock Snapshot Item")),
    )
    op.create_index(
        op.f("ix_tabFranchise Stock Snapshot Item_parent"),
        "tabFranchise Stock Snapshot Item",
        ["parent"],
        unique=False,
    )
    op.create_table(
        "tabSJ Outlet",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("franchise_code", types.ShortText(140), nullable=True),
        sa.Column("outlet_name", types.ShortText(140), nullable=True),
        sa.Column("owner_name", types.ShortText(140), nullable=True),
        sa.Column("status", types.ShortText(140), nullable=True),
        sa.Column("city", types.ShortText(140), nullable=True),
        sa.Column("warehouse", types.ShortText(140), nullable=True),
        sa.Column("royalty_percentage", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("marketing_fee_percentage", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabSJ Outlet")),
        sa.UniqueConstraint("franchise_code", name=op.f("uq_tabSJ Outlet_franchise_code")),
        sa.UniqueConstraint("warehouse", name=op.f("uq_tabSJ Outlet_warehouse")),
    )
    op.create_table(
        "tabSales Invoice",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("amended_from", types.ShortText(140), nullable=True),
        sa.Column("invoice_no", types.ShortText(140), nullable=True),
        sa.Column("franchise_outlet", types.ShortText(140), nullable=True),
        sa.Column("customer", types.ShortText(140), nullable=True),
        sa.Column("posting_date", sa.Date(), nullable=True),
        sa.Column("posting_time", types.TimeOfDay(), nullable=True),
        sa.Column("is_return", types.CheckType(), server_default="0", nullable=False),
        sa.Column("net_total", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("grand_total", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("royalty_percentage", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("marketing_fee_percentage", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("franchise_royalty", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("franchise_marketing_fee", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("total_franchise_deductions", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("stock_updated", types.CheckType(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabSales Invoice")),
    )
    op.create_index(op.f("ix_tabSales Invoice_amended_from"), "tabSales Invoice", ["amended_from"], unique=False)
    op.create_index(
        op.f("ix_tabSales Invoice_franchise_outlet"),
        "tabSales Invoice",
        ["franchise_outlet"],
        unique=False,
    )
    op.create_index(op.f("ix_tabSales Invoice_posting_date"), "tabSales Invoice", ["posting_date"], unique=False)
    op.create_table(
        "tabSales Invoice Item",
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
        sa.Column("item_code", types.ShortText(140), nullable=True),
        sa.Column("description", types.LongText(), nullable=True),
        sa.Column("qty", types.BigInt(), server_default="0", nullable=False),
        sa.Column("rate", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("amount", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabSales Invoice Item")),
    )
    op.create_index(op.f("ix_tabSales Invoice Item_parent"), "tabSales Invoice Item", ["parent"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_tabSales Invoice Item_parent"), table_name="tabSales Invoice Item")
    op.drop_table("tabSales Invoice Item")
    op.drop_index(op.f("ix_tabSales Invoice_posting_date"), table_name="tabSales Invoice")
    op.drop_index(op.f("ix_tabSales Invoice_franchise_outlet"), table_name="tabSales Invoice")
    op.drop_index(op.f("ix_tabSales Invoice_amended_from"), table_name="tabSales Invoice")
    op.drop_table("tabSales Invoice")
    op.drop_table("tabSJ Outlet")
    op.drop_index(op.f("ix_tabFranchise Stock Snapshot Item_parent"), table_name="tabFranchise Stock Snapshot Item")
    op.drop_table("tabFranchise Stock Snapshot Item")
    op.drop_table("tabFranchise Stock Snapshot")
    op.drop_index(op.f("ix_tabFranchise Sales Summary_month"), table_name="tabFranchise Sales Summary")
    op.drop_table("tabFranchise Sales Summary")
    op.drop_index(op.f("ix_tabFranchise Royalty Entry_franchise_outlet"), table_name="tabFranchise Royalty Entry")
    op.drop_table("tabFranchise Royalty Entry")
    op.drop_index(op.f("ix_tabFranchise Compliance Report_report_month"), table_name="tabFranchise Compliance Report")
    op.drop_table("tabFranchise Compliance Report")
    op.drop_index(op.f("ix_tabFranchise Agreement_franchise_outlet"), table_name="tabFranchise Agreement")
    op.drop_index(op.f("ix_tabFranchise Agreement_amended_from"), table_name="tabFranchise Agreement")
    op.drop_table("tabFranchise Agreement")
    op.drop_index(op.f("ix_tabBin_warehouse"), table_name="tabBin")
    op.drop_table("tabBin")
