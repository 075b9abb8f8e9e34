"""status of agreements"""

import sqlalchemy as sa
from alembic import op

from doclife.database import types

revision: str = "example_app_0002"
down_revision: str | None = "example_app_0001"


def upgrade() -> None:
    with op.batch_alter_table("tabFranchise Agreement") as batch_op:
        batch_op.add_column(sa.Column("status", types.ShortText(140), nullable=True))
    with op.batch_alter_table("tabSJ Outlet") as batch_op:
        batch_op.add_column(sa.Column("lapsed_on", sa.Date(), nullable=True))
    # the next daily review finds those that have ended
    agreements = sa.table("tabFranchise Agreement", sa.column("status", types.ShortText(140)))
    op.execute(agreements.update().values(status="Active"))


def downgrade() -> None:
    with op.batch_alter_table("tabSJ Outlet") as batch_op:
        batch_op.drop_column("lapsed_on")
    with op.batch_alter_table("tabFranchise Agreement") as batch_op:
        batch_op.drop_column("status")
