"""What SQL texts are taken for, and how they look to the drivers."""

from decimal import Decimal

import pytest

from doclife.core.errors import DataError
from doclife.query.sqltext import CONTROL, READ, SCHEMA, WRITE, condition, scan, translate

ALL = ("sqlite", "postgresql", "mariadb")


def put(text, values=None, dialect="sqlite"):
    return translate(scan(text, dialect), dialect, values, lambda value: value)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT 1", READ),
        ("  select * from `tabUser` where name = 'update'", READ),
        ("-- delete everything\nSELECT 1", READ),
        ("/* insert */ SELECT 1 /* update */", READ),
        ("(SELECT 1) UNION (SELECT 2)", READ),
        ("SELECT replace(name, 'a', 'b') FROM x", READ),
        ("SELECT `delete` FROM `tabDocPerm`", READ),
        ("WITH a AS (SELECT 1) SELECT * FROM a", READ),
        ("SELECT 1;", READ),
        ("SELECT ';' ; -- the end", READ),
        ("EXPLAIN SELECT 1", READ),
        ("WITH a AS (DELETE FROM x RETURNING *) SELECT * FROM a", WRITE),
        ("SELECT * FROM x FOR UPDATE", WRITE),
        ("select * from x for share", WRITE),
        ("SELECT * FROM x LOCK IN SHARE MODE", WRITE),
        ("SELECT * INTO y FROM x", WRITE),
        ("SELECT nextval('s')", WRITE),
        ("SELECT pg_advisory_xact_lock(1)", WRITE),
        ("EXPLAIN ANALYZE SELECT 1", WRITE),
        ("UPDATE x SET a = 1", WRITE),
        ("insert into x values (1)", WRITE),
        ("PRAGMA user_version", WRITE),
        ("", WRITE),
        ("COMMIT", CONTROL),
        ("/* x */ rollback to savepoint a", CONTROL),
        ("Begin immediate", CONTROL),
        ("START TRANSACTION", CONTROL),
        ("SAVEPOINT a", CONTROL),
        ("RELEASE a", CONTROL),
        ("SET autocommit = 1", CONTROL),
        ("PREPARE TRANSACTION 'x'", CONTROL),
        ("END", CONTROL),
    ],
)
def test_what_a_text_will_do(text, kind, dialect):
    assert scan(text, dialect).kind == kind


def test_what_only_one_database_means_by_it():
    assert scan("CREATE INDEX a ON b (c)", "mariadb").kind == SCHEMA
    assert scan("CREATE TEMPORARY TABLE a (b int)", "mariadb").kind == WRITE
    assert scan("CREATE INDEX a ON b (c)", "sqlite").kind == WRITE
    assert scan("SELECT 1 # update", "mariadb").kind == READ
    assert scan("SELECT 1 /*! INTO OUTFILE 'x' */", "mariadb").kind == WRITE
    assert scan("SELECT 1 /*! , sleep(1) */", "mariadb").kind == WRITE
    assert scan("SELECT 'it\\'s' , 'update'", "mariadb").kind == READ
    assert scan('SELECT "delete from x"', "mariadb").kind == READ
    assert scan("SELECT $a$ update ' $a$, E'it\\'s delete'", "postgresql").kind == READ
    assert scan("SELECT /* a /* update */ delete */ 1", "postgresql").kind == READ
    assert scan("SELECT a#>>'{x}' FROM update_log", "postgresql").kind == READ


@pytest.mark.parametrize("dialect", ALL)
def test_one_statement_at_a_time(dialect):
    with pytest.raises(DataError, match="one statement at a time"):
        scan("SELECT 1; DELETE FROM x", dialect)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("sqlite", 'SELECT "a b", ifnull("c", 1) FROM "tabX" WHERE d LIKE \'50%\' AND e % 2 = ?'),
        ("postgresql", 'SELECT "a b", coalesce("c", 1) FROM "tabX" WHERE d LIKE \'50%%\' AND e %% 2 = %s'),
        ("mariadb", "SELECT `a b`, ifnull(`c`, 1) FROM `tabX` WHERE d LIKE '50%%' AND e %% 2 = %s"),
    ],
)
def test_the_same_text_for_each_driver(dialect, expected):
    text = "SELECT `a b`, ifnull(`c`, 1) FROM `tabX` WHERE d LIKE '50%%' AND e %% 2 = %s"
    assert put(text, 7, dialect) == (expected, (7,))


def test_without_values_a_percent_sign_is_a_percent_sign():
    assert put("SELECT '100%', 5 % 2, '%s %%'")[0] == "SELECT '100%', 5 % 2, '%s %%'"
    # these drivers halve what is doubled
    assert put("SELECT '100%', 5 % 2, '%s %%'", dialect="mariadb")[0] == "SELECT '100%%', 5 %% 2, '%%s %%%%'"
    for nothing in (None, (), [], {}):
        assert put("SELECT '%'", nothing, "postgresql") == ("SELECT '%%'", ())


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("a = %s", "x", ("a = ?", ("x",))),
        ("a = %s", "", ("a = ?", ("",))),
        ("a = %s", 0, ("a = ?", (0,))),
        ("a = %s", Decimal(1), ("a = ?", (Decimal(1),))),
        ("a = %s and b = %s", ("x", None), ("a = ? and b = ?", ("x", None))),
        ("a = %(n)s or b = %(n)s", {"n": 1, "unused": 2}, ("a = ? or b = ?", (1, 1))),
        ("a in %s", [("x", "y")], ("a in (?, ?)", ("x", "y"))),
        ("a in (%s)", [["x", "y"]], ("a in (?, ?)", ("x", "y"))),
        ("a in ( %(n)s )", {"n": {"x"}}, ("a in ( ? )", ("x",))),
        ("a in %s and b = %s", [[], 5], ("a in (NULL) and b = ?", (5,))),
        ("a = %s -- and b = %s", ["x"], ("a = ?", ("x",))),
        ("f(%s, %s)", [1, 2], ("f(?, ?)", (1, 2))),
    ],
)
def test_values_take_the_places_of_placeholders(text, values, expected):
    assert put(f"SELECT 1 WHERE {text}", values) == (f"SELECT 1 WHERE {expected[0]}", expected[1])


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("a = %s", ["x", "y"], "2 values were given, and the text has 1"),
        ("a = %s and b = %s", ["x"], "more placeholders than the 1 values"),
        ("a = %(n)s", {"m": 1}, r"no value was given for %\(n\)s"),
        ("a = %(n)s", [1], r"no value was given for %\(n\)s"),
        ("a = %s", {"n": 1}, "not as %s"),
        ("a = '%s'", ["x"], "within quotes"),
        ("a like '5%' and b = %s", ["x"], "is written %%"),
        ("a % 2 = %s", ["x"], "is written %%"),
    ],
)
def test_what_does_not_fit_together_is_refused(text, values, message):
    with pytest.raises(DataError, match=message):
        put(f"SELECT 1 WHERE {text}", values)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("city = 'Pune'", "(city = 'Pune')"),
        ("  a = 1 or b = 2 ", "(a = 1 or b = 2)"),
        ("name in (select parent from x where (y = 1))", "(name in (select parent from x where (y = 1)))"),
        ("a = '50%%' and b like '%x' and c %% 2 = 1", "(a = '50%' and b like '%x' and c % 2 = 1)"),
        ("a = ')' or b = ';' or c = '--' or d = 'update'", "(a = ')' or b = ';' or c = '--' or d = 'update')"),
        ("a = 1 -- the rest", "(a = 1)"),
        ("a /* b ( */ = 1;", "(a   = 1)"),
        ("a != 1", "(a != 1)"),
        ("a = 'it''s'", "(a = 'it''s')"),
    ],
)
def test_a_condition_stands_in_brackets(dialect, text, written):
    assert condition(text, dialect) == written


def test_a_condition_is_written_as_the_dialect_has_it():
    text = "`tabSJ Outlet`.`a``b` = ifnull(c, 1)"
    assert condition(text, "mariadb") == f"({text})"
    assert condition(text, "sqlite") == '("tabSJ Outlet"."a`b" = ifnull(c, 1))'
    assert condition(text, "postgresql") == '("tabSJ Outlet"."a`b" = coalesce(c, 1))'


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1=1) or (1=1", "a bracket, a quote or a comment is not closed, or closed twice"),
        ("(a = 1", "a bracket"),
        ("a = 1)", "a bracket"),
        ("a = 'x", "a quote"),
        ("a = `x", "a quote"),
        ("a = 1 /* (", None),
        ("(a = 1 /* )", "a bracket"),
        ("a = 1; drop table x", "one statement at a time"),
        ("a = %s", r"a condition takes no values: write db\.escape\(value\) instead of %s"),
        ("a = %(b)s", r"instead of %\(b\)s"),
        ("name in (select name from x for update)", "a condition only reads; update may do more"),
        ("share = 1", "a column of that name is `share`"),
        ("exists (select pg_advisory_lock(1))", "pg_advisory_lock may do more"),
    ],
)
def test_what_is_not_one_whole_condition_is_refused(dialect, text, reason):
    if reason is None:
        assert condition(text, dialect) == "(a = 1)"
        return
    with pytest.raises(DataError, match=reason):
        condition(text, dialect)


def test_mariadb_s_hidden_words_are_no_comment_in_a_condition():
    with pytest.raises(DataError, match="a comment"):
        condition("a = 1 /*! or 1 = 1 */", "mariadb")
    assert condition("a = '/*' and b != 1", "mariadb") == "(a = '/*' and b != 1)"
