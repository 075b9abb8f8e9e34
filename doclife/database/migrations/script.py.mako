"""${message}"""

% for line in imports:
${line}
% endfor

revision: str = ${revision}
down_revision: str | None = ${down_revision}


def upgrade() -> None:
${upgrades}


def downgrade() -> None:
${downgrades}
