"""scheduled job logs"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "doclife_0007"
down_revision: str | None = "doclife_0006"


def upgrade() -> None:
    op.create_table(
        "tabScheduled Job Log",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("scheduled_job_type", types.ShortText(140), nullable=False),
        sa.Column("status", types.ShortText(20), nullable=False),
        sa.Column("triggered", types.CheckType(), server_default="0", nullable=False),
        sa.Column("due", types.UtcDateTime(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("error", types.LongText(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabScheduled Job Log")),
    )
    op.create_index(op.f("ix_tabScheduled Job Log_creation"), "tabScheduled Job Log", ["creation"], unique=False)
    op.create_index(
        op.f("ix_tabScheduled Job Log_scheduled_job_type_creation"),
        "tabScheduled Job Log",
        ["scheduled_job_type", "creation"],
        unique=False,
    )
    op.create_index(op.f("ix_tabScheduled Job Run_due"), "tabScheduled Job Run", ["due"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_tabScheduled Job Run_due"), table_name="tabScheduled Job Run")
    op.drop_index(op.f("ix_tabScheduled Job Log_scheduled_job_type_creation"), table_name="tabScheduled Job Log")
    op.drop_index(op.f("ix_tabScheduled Job Log_creation"), table_name="tabScheduled Job Log")
    op.drop_table("tabScheduled Job Log")
