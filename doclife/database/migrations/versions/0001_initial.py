"""initial"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "doclife_0001"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table(
        "tabBackground Job",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("queue", types.ShortText(140), nullable=False),
        sa.Column("method", types.ShortText(255), nullable=False),
        sa.Column("kwargs", types.LongText(), nullable=False),
        sa.Column("run_as", types.ShortText(140), nullable=False),
        sa.Column("label", types.ShortText(255), nullable=True),
        sa.Column("status", types.ShortText(20), nullable=False),
        sa.Column("dedup_key", types.ShortText(255), nullable=True),
        sa.Column("run_at", types.UtcDateTime(), nullable=False),
        sa.Column("released_at", types.UtcDateTime(), nullable=True),
        sa.Column("at_front", types.CheckType(), server_default="0", nullable=False),
        sa.Column("fence", types.BigInt(), server_default="0", nullable=False),
        sa.Column("attempt", types.BigInt(), server_default="0", nullable=False),
        sa.Column("max_attempts", types.BigInt(), server_default="3", nullable=False),
        sa.Column("exceptions", types.BigInt(), server_default="0", nullable=False),
        sa.Column("conflicts", types.BigInt(), server_default="0", nullable=False),
        sa.Column("kills", types.BigInt(), server_default="0", nullable=False),
        sa.Column("retry", types.JsonText(), nullable=True),
        sa.Column("on_success", types.LongText(), nullable=True),
        sa.Column("on_failure", types.LongText(), nullable=True),
        sa.Column("worker", types.ShortText(140), nullable=True),
        sa.Column("timeout", types.BigInt(), server_default="300", nullable=False),
        sa.Column("progress", types.JsonText(), nullable=True),
        sa.Column("cursor", types.JsonText(), nullable=True),
        sa.Column("result", types.LongText(), nullable=True),
        sa.Column("error", types.LongText(), nullable=True),
        sa.Column("enqueued_at", types.UtcDateTime(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabBackground Job")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_tabBackground Job_dedup_key")),
    )
    op.create_index(
        op.f("ix_tabBackground Job_status_ended_at"),
        "tabBackground Job",
        ["status", "ended_at"],
        unique=False,
    )
    op.create_index(op.f("ix_tabBackground Job_status_run_at"), "tabBackground Job", ["status", "run_at"], unique=False)
    op.create_table(
        "tabDeleted Document",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("deleted_doctype", types.ShortText(140), nullable=True),
        sa.Column("deleted_name", types.ShortText(140), nullable=True),
        sa.Column("data", types.LongText(), nullable=True),
        sa.Column("restored", types.CheckType(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabDeleted Document")),
    )
    op.create_index(
        op.f("ix_tabDeleted Document_deleted_doctype"),
        "tabDeleted Document",
        ["deleted_doctype"],
        unique=False,
    )
    op.create_table(
        "tabError Log",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("method", types.ShortText(140), nullable=True),
        sa.Column("error", types.LongText(), nullable=True),
        sa.Column("reference_doctype", types.ShortText(140), nullable=True),
        sa.Column("reference_name", types.ShortText(140), nullable=True),
        sa.Column("job", types.ShortText(140), nullable=True),
        sa.Column("seen", types.CheckType(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabError Log")),
    )
    op.create_table(
        "tabHas Role",
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
        sa.Column("role", types.ShortText(140), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabHas Role")),
    )
    op.create_index(op.f("ix_tabHas Role_parent"), "tabHas Role", ["parent"], unique=False)
    op.create_table(
        "tabLease",
        sa.Column("name", types.ShortText(255), nullable=False),
        sa.Column("holder", types.ShortText(140), nullable=True),
        sa.Column("until", types.UtcDateTime(), nullable=True),
        sa.Column("token", types.BigInt(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabLease")),
    )
    op.create_table(
        "tabNotification Log",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("subject", types.ShortText(255), nullable=True),
        sa.Column("for_user", types.ShortText(140), nullable=True),
        sa.Column("type", types.ShortText(140), nullable=True),
        sa.Column("email_content", types.LongText(), nullable=True),
        sa.Column("document_type", types.ShortText(140), nullable=True),
        sa.Column("document_name", types.ShortText(140), nullable=True),
        sa.Column("from_user", types.ShortText(140), nullable=True),
        sa.Column("read", types.CheckType(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabNotification Log")),
    )
    op.create_index(op.f("ix_tabNotification Log_for_user"), "tabNotification Log", ["for_user"], unique=False)
    op.create_table(
        "tabRole",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("role_name", types.ShortText(140), nullable=True),
        sa.Column("disabled", types.CheckType(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabRole")),
        sa.UniqueConstraint("role_name", name=op.f("uq_tabRole_role_name")),
    )
    op.create_table(
        "tabScheduled Job Run",
        sa.Column("schedule", types.ShortText(140), nullable=False),
        sa.Column("due", types.UtcDateTime(), nullable=False),
        sa.Column("job", types.ShortText(140), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "due", name=op.f("pk_tabScheduled Job Run")),
    )
    op.create_table(
        "tabSeries",
        sa.Column("name", types.ShortText(255), nullable=False),
        sa.Column("current", types.BigInt(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabSeries")),
    )
    op.create_table(
        "tabUser",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("email", types.ShortText(140), nullable=True),
        sa.Column("first_name", types.ShortText(140), nullable=True),
        sa.Column("last_name", types.ShortText(140), nullable=True),
        sa.Column("full_name", types.ShortText(140), nullable=True),
        sa.Column("enabled", types.CheckType(), server_default="0", nullable=False),
        sa.Column("new_password", types.ShortText(140), nullable=True),
        sa.Column("last_login", types.NaiveDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabUser")),
        sa.UniqueConstraint("email", name=op.f("uq_tabUser_email")),
    )
    op.create_table(
        "tabWorker",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("host", types.ShortText(140), nullable=False),
        sa.Column("pid", types.BigInt(), nullable=False),
        sa.Column("queues", types.LongText(), nullable=False),
        sa.Column("isolation", types.ShortText(20), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("heartbeat", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabWorker")),
    )
    op.create_index(op.f("ix_tabWorker_heartbeat"), "tabWorker", ["heartbeat"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_tabWorker_heartbeat"), table_name="tabWorker")
    op.drop_table("tabWorker")
    op.drop_table("tabUser")
    op.drop_table("tabSeries")
    op.drop_table("tabScheduled Job Run")
    op.drop_table("tabRole")
    op.drop_index(op.f("ix_tabNotification Log_for_user"), table_name="tabNotification Log")
    op.drop_table("tabNotification Log")
    op.drop_table("tabLease")
    op.drop_index(op.f("ix_tabHas Role_parent"), table_name="tabHas Role")
    op.drop_table("tabHas Role")
    op.drop_table("tabError Log")
    op.drop_index(op.f("ix_tabDeleted Document_deleted_doctype"), table_name="tabDeleted Document")
    op.drop_table("tabDeleted Document")
    op.drop_index(op.f("ix_tabBackground Job_status_run_at"), table_name="tabBackground Job")
    op.drop_index(op.f("ix_tabBackground Job_status_ended_at"), table_name="tabBackground Job")
    op.drop_table("tabBackground Job")
