"""jobs that have ended keep their key"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "doclife_0005"
down_revision: str | None = "doclife_0004"


def upgrade() -> None:
    with op.batch_alter_table("tabBackground Job") as batch_op:
        batch_op.add_column(sa.Column("ended_key", types.ShortText(255), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tabBackground Job") as batch_op:
        batch_op.drop_column("ended_key")
