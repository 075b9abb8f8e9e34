"""dashboard"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "example_app_0004"
down_revision: str | None = "example_app_0003"


def upgrade() -> None:
    op.create_table(
        "tabFranchise Dashboard",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("as_of", types.NaiveDateTime(), nullable=True),
        sa.Column("sales_today", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("sales_this_month", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("royalty_this_month", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("invoices_this_month", types.BigInt(), server_default="0", nullable=False),
        sa.Column("open_agreements", types.BigInt(), server_default="0", nullable=False),
        sa.Column("ending_agreements", types.BigInt(), server_default="0", nullable=False),
        sa.Column("failed_jobs", types.BigInt(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Dashboard")),
    )
    op.create_table(
        "tabFranchise Dashboard Outlet",
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
        sa.Column("outlet", types.ShortText(140), nullable=True),
        sa.Column("outlet_name", types.ShortText(140), nullable=True),
        sa.Column("sales_today", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.Column("sales_this_month", types.AmountType(21, 6), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabFranchise Dashboard Outlet")),
    )
    op.create_index(
        op.f("ix_tabFranchise Dashboard Outlet_parent"),
        "tabFranchise Dashboard Outlet",
        ["parent"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_tabFranchise Dashboard Outlet_parent"), table_name="tabFranchise Dashboard Outlet")
    op.drop_table("tabFranchise Dashboard Outlet")
    op.drop_table("tabFranchise Dashboard")
