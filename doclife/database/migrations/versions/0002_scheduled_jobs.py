"""scheduled jobs"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "doclife_0002"
down_revision: str | None = "doclife_0001"


def upgrade() -> None:
    op.create_table(
        "tabScheduled Job Type",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("app", types.ShortText(140), nullable=False),
        sa.Column("method", types.ShortText(255), nullable=False),
        sa.Column("entry", types.BigInt(), server_default="1", nullable=False),
        sa.Column("frequency", types.ShortText(20), nullable=False),
        sa.Column("cron_format", types.ShortText(140), nullable=True),
        sa.Column("queue", types.ShortText(140), nullable=False),
        sa.Column("timeout", types.BigInt(), nullable=True),
        sa.Column("retries", types.BigInt(), server_default="0", nullable=False),
        sa.Column("time_zone", types.ShortText(140), nullable=True),
        sa.Column("stopped", types.CheckType(), server_default="0", nullable=False),
        sa.Column("last_execution", types.UtcDateTime(), nullable=True),
        sa.Column("next_execution", types.UtcDateTime(), nullable=True),
        sa.Column("create_log", types.CheckType(), server_default="1", nullable=False),
        sa.Column("catch_up", types.ShortText(20), nullable=True),
        sa.Column("server_script", types.ShortText(140), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabScheduled Job Type")),
    )
    op.create_index(
        op.f("ix_tabScheduled Job Type_stopped_next_execution"),
        "tabScheduled Job Type",
        ["stopped", "next_execution"],
        unique=False,
    )
    op.drop_index(op.f("ix_tabBackground Job_status_run_at"), table_name="tabBackground Job")
    op.create_index(
        op.f("ix_tabBackground Job_status_queue_at_front_run_at"),
        "tabBackground Job",
        ["status", "queue", "at_front", "run_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tabBackground Job_status_released_at_run_at"),
        "tabBackground Job",
        ["status", "released_at", "run_at"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_tabBackground Job_status_released_at_run_at"), table_name="tabBackground Job")
    op.drop_index(op.f("ix_tabBackground Job_status_queue_at_front_run_at"), table_name="tabBackground Job")
    op.create_index(op.f("ix_tabBackground Job_status_run_at"), "tabBackground Job", ["status", "run_at"], unique=False)
    op.drop_index(op.f("ix_tabScheduled Job Type_stopped_next_execution"), table_name="tabScheduled Job Type")
    op.drop_table("tabScheduled Job Type")
