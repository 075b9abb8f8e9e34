"""locks"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "doclife_0006"
down_revision: str | None = "doclife_0005"


def upgrade() -> None:
    with op.batch_alter_table("tabLease") as batch_op:
        batch_op.add_column(sa.Column("since", types.UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tabLease") as batch_op:
        batch_op.drop_column("since")
