"""Grants and row-level security, written the same way in every migration."""

from __future__ import annotations

from alembic import op

WEB_ROLE = "zhiheng_web"

SCOPE = "current_setting('zhiheng.scope', true)"
OWN = "nullif(current_setting('zhiheng.enterprise_id', true), '')::bigint"


def grant(table: str, *, append_only: bool = False) -> None:
    """Let requests use a table; an append-only one can be read and added to, nothing else."""
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {rights} ON {table} TO {WEB_ROLE}")


def protect(
    table: str, enterprise_column: str = "enterprise_id", *, public_when: str | None = None
) -> None:
    """Let an enterprise see and change its own rows only.

    Parameters
    ----------
    public_when : str, optional
        SQL condition on the row under which everybody may read it.
    """
    grant(table)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    own = f"{SCOPE} = 'staff' OR ({SCOPE} = 'enterprise' AND {enterprise_column} = {OWN})"
    op.execute(f"CREATE POLICY own_rows ON {table} TO {WEB_ROLE} USING ({own}) WITH CHECK ({own})")
    if public_when is not None:
        op.execute(
            f"CREATE POLICY public_rows ON {table} FOR SELECT TO {WEB_ROLE} USING ({public_when})"
        )


def staff_only(table: str) -> None:
    """Let staff read and change a table; enterprises and the public see no rows."""
    grant(table)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY staff_rows ON {table} TO {WEB_ROLE} "
        f"USING ({SCOPE} = 'staff') WITH CHECK ({SCOPE} = 'staff')"
    )


def append_only(table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE for everybody, the owner included."""
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def create_web_role() -> None:
    """Make the role that requests run under, where the database does not have it yet.

    On a server where the connecting user may not create roles, an administrator makes it once:
    ``CREATE ROLE zhiheng_web NOLOGIN NOBYPASSRLS; GRANT zhiheng_web TO <user>``.
    """
    op.execute(
        f"""
        DO $$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{WEB_ROLE}') THEN
                CREATE ROLE {WEB_ROLE} NOLOGIN NOBYPASSRLS;
            END IF;
            IF NOT pg_has_role(current_user, '{WEB_ROLE}', 'MEMBER') THEN
                EXECUTE format('GRANT {WEB_ROLE} TO %I', current_user);
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role {WEB_ROLE} is missing and % may not create it. An '
                    'administrator runs: CREATE ROLE {WEB_ROLE} NOLOGIN NOBYPASSRLS; '
                    'GRANT {WEB_ROLE} TO %', current_user, current_user;
            WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of this server was migrated at the same moment
        END $$
        """
    )
    op.execute(f"GRANT USAGE ON SCHEMA public TO {WEB_ROLE}")
