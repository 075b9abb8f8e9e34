"""versions"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "doclife_0003"
down_revision: str | None = "doclife_0002"


def upgrade() -> None:
    op.create_table(
        "tabVersion",
        sa.Column("name", types.ShortText(140), nullable=False),
        sa.Column("owner", types.ShortText(140), nullable=True),
        sa.Column("creation", types.NaiveDateTime(), nullable=True),
        sa.Column("modified", types.NaiveDateTime(), nullable=True),
        sa.Column("modified_by", types.ShortText(140), nullable=True),
        sa.Column("docstatus", types.CheckType(), server_default="0", nullable=False),
        sa.Column("idx", types.BigInt(), server_default="0", nullable=False),
        sa.Column("ref_doctype", types.ShortText(140), nullable=True),
        sa.Column("docname", types.ShortText(140), nullable=True),
        sa.Column("data", types.LongText(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tabVersion")),
    )
    op.create_index(op.f("ix_tabVersion_ref_doctype_docname"), "tabVersion", ["ref_doctype", "docname"], unique=False)
    with op.batch_alter_table("tabError Log") as batch_op:
        batch_op.add_column(sa.Column("trace_id", types.ShortText(140), nullable=True))
    op.create_index(op.f("ix_tabError Log_reference_name"), "tabError Log", ["reference_name"], unique=False)
    with op.batch_alter_table("tabNotification Log") as batch_op:
        batch_op.alter_column(
            "subject",
            existing_type=types.ShortText(255),
            type_=types.LongText(),
            existing_nullable=True,
        )
        batch_op.add_column(sa.Column("attached_file", types.LongText(), nullable=True))
        batch_op.add_column(sa.Column("link", types.ShortText(255), nullable=True))
    op.create_index(
        op.f("ix_tabNotification Log_document_name"),
        "tabNotification Log",
        ["document_name"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_tabNotification Log_document_name"), table_name="tabNotification Log")
    with op.batch_alter_table("tabNotification Log") as batch_op:
        batch_op.drop_column("link")
        batch_op.drop_column("attached_file")
        batch_op.alter_column(
            "subject",
            existing_type=types.LongText(),
            type_=types.ShortText(255),
            existing_nullable=True,
        )
    op.drop_index(op.f("ix_tabError Log_reference_name"), table_name="tabError Log")
    with op.batch_alter_table("tabError Log") as batch_op:
        batch_op.drop_column("trace_id")
    op.drop_index(op.f("ix_tabVersion_ref_doctype_docname"), table_name="tabVersion")
    op.drop_table("tabVersion")
