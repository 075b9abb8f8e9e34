"""workers can be asked"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "doclife_0004"
down_revision: str | None = "doclife_0003"


def upgrade() -> None:
    with op.batch_alter_table("tabWorker") as batch_op:
        batch_op.add_column(sa.Column("asked", types.LongText(), nullable=True))
        batch_op.add_column(sa.Column("answer", types.LongText(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tabWorker") as batch_op:
        batch_op.drop_column("answer")
        batch_op.drop_column("asked")
