"""db.sql and db.escape, callbacks, savepoints, sessions and indexes on SQLite."""

from datetime import date, datetime, time

import pytest
from sqlalchemy import String, inspect
from sqlalchemy.orm import Mapped, declarative_base, mapped_column

from doclife.core.amount import Amount
from doclife.core.errors import DataError, NotSupported, TransactionControlError, UnknownFieldError
from doclife.query.db import db
from tests.unit.query.kit import QueryTestInvoice, QueryTestOutlet, count_statements, store

INVOICE = "Query Test Invoice"


@pytest.fixture(autouse=True)
def invoices(context):
    store(
        context,
        QueryTestInvoice,
        {"name": "A", "customer": "x", "net_total": 10, "visits": 1, "posting_date": date(2026, 1, 31)},
        {"name": "B", "customer": "50% off", "net_total": 20, "visits": 4},
    )
    return context


def test_rows_in_every_shape():
    text = "SELECT name, (visits - 1) AS less FROM `tabQuery Test Invoice` WHERE customer = %s ORDER BY name"
    assert db.sql(text, "x") == (("A", 0),)
    row = db.sql(text, ("x",), as_dict=True)[0]
    assert (row.name, row.less, row.nothing) == ("A", 0, None)
    assert db.sql(text, ["x"], as_list=1) == [["A", 0]]
    assert db.sql("SELECT name FROM `tabQuery Test Invoice` ORDER BY name", pluck=True) == ["A", "B"]
    assert db.sql("SELECT name FROM `tabQuery Test Invoice` WHERE customer LIKE '50%'") == (("B",),)
    assert db.sql("SELECT name FROM `tabQuery Test Invoice` WHERE name IN %(names)s", {"names": ["B", "Z"]}) == (
        ("B",),
    )


def test_values_of_every_type_find_what_the_fields_stored():
    db.set_value(INVOICE, "A", {"due": datetime(2026, 1, 1, 2), "at": time(3, 4), "paid": 1, "net_total": "10.05"})
    db.set_value(INVOICE, "A", "outlet", "PUNE")
    for column, value in {
        "posting_date": date(2026, 1, 31),
        "due": datetime(2026, 1, 1, 2),
        "at": time(3, 4),
        "paid": True,
        "net_total": Amount("10.05"),
        "outlet": QueryTestOutlet(name="PUNE"),
    }.items():
        assert db.sql(f"SELECT name FROM `tabQuery Test Invoice` WHERE `{column}` = %s", [value]) == (("A",),), column


def test_a_statement_without_rows_is_true_where_it_met_some(context):
    text = "UPDATE `tabQuery Test Invoice` SET visits = visits + 1 WHERE visits = %s AND customer = %s"
    met = db.sql(text, (1, "x"))
    assert met == ()
    assert list(met) == []
    assert met
    assert met.rowcount == 1
    missed = db.sql(text, (1, "x"))
    assert missed == ()
    assert not missed
    assert missed.rowcount == 0
    assert not db.sql("CREATE TEMPORARY TABLE query_extra (a int)")
    db.rollback()
    if context.unit.link.dialect == "mariadb":  # where a rollback keeps it
        db.sql("DROP TEMPORARY TABLE query_extra")


def test_reading_does_not_begin_a_transaction_and_writing_does(context):
    db.sql("SELECT 'update' -- update")
    assert not context.unit.link.writing
    db.sql("UPDATE `tabQuery Test Invoice` SET visits = 9")
    assert context.unit.link.writing
    context.unit.rollback()
    assert db.get_value(INVOICE, "A", "visits") == 1
    db.sql("WITH a AS (SELECT 1) SELECT * FROM a")
    assert not context.unit.link.writing


def test_a_refused_text_undoes_itself_alone():
    db.sql("UPDATE `tabQuery Test Invoice` SET visits = 9 WHERE name = 'A'")
    with pytest.raises(DataError, match="absent"):
        db.sql("UPDATE `tabQuery Test Invoice` SET absent = 1")
    with pytest.raises(DataError, match="tabNothing"):
        db.sql("SELECT * FROM `tabNothing`")
    assert db.get_value(INVOICE, "A", "visits") == 9


@pytest.mark.parametrize("text", ["commit", "ROLLBACK", "begin", "savepoint x", "release x"])
def test_the_transaction_is_not_ended_by_texts(text):
    with pytest.raises(TransactionControlError, match=text.split()[0].upper()):
        db.sql(text)


def test_escape_quotes():
    assert db.escape("it's 5%") == "'it''s 5%%'"
    assert db.escape("5%", percent=False) == "'5%'"
    assert db.escape(None) == "''"
    assert db.escape(b"bytes") == "'bytes'"
    assert db.escape(7) == "'7'"
    for text in ("it's", 'a "b"', "`c`", "\\'; --", "ü"):
        assert db.sql(f"SELECT {db.escape(text, percent=False)}", pluck=True) == [text]


def test_callbacks_come_at_their_moments(context):
    seen = []
    assert db.before_commit(lambda: seen.append("before_commit")) is not None
    db.after_commit.add(lambda: seen.append("after_commit"))

    @db.before_rollback
    def before() -> None:
        seen.append("before_rollback")

    db.commit()
    assert seen == ["before_commit", "after_commit"]
    db.after_rollback.add(lambda: seen.append("after_rollback"))
    db.before_rollback(before)
    db.rollback()
    assert seen[2:] == ["before_rollback", "after_rollback"]
    assert repr(db.after_commit) == "<db.after_commit>"


def test_a_savepoint_takes_its_callbacks_with_it(context):
    seen = []
    db.set_value(INVOICE, "B", "visits", 5)

    def fail() -> None:
        with db.savepoint():
            db.set_value(INVOICE, "A", "visits", 9)
            db.after_commit(lambda: seen.append("undone"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with db.savepoint("named"):
        db.after_commit(lambda: seen.append("kept"))
    with db.savepoint(catch=ZeroDivisionError):
        db.set_value(INVOICE, "A", "visits", 8)
        raise ZeroDivisionError
    db.commit()
    assert seen == ["kept"]
    assert db.get_values(INVOICE, {}, "visits", order_by="name", pluck=True) == [1, 5]
    with pytest.raises(NotSupported, match=r"with db\.savepoint\(\)"):
        db.rollback(save_point="x")


def test_commit_inside_a_savepoint_is_refused_where_the_site_is_strict(context):
    context.unit.strict = True
    with db.savepoint(), pytest.raises(TransactionControlError):
        db.commit()


Base = declarative_base()


class Note(Base):
    __tablename__ = "query_test_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(50))


@pytest.fixture
def notes(context):
    Base.metadata.create_all(context.unit.database.engine)
    yield context
    context.unit.close()
    Base.metadata.drop_all(context.unit.database.engine)


def note_texts():
    return db.sql("SELECT text FROM query_test_note ORDER BY id", pluck=True)


def test_a_session_is_in_the_same_transaction(notes):
    with db.session() as session:
        session.add(Note(text="one"))
    assert note_texts() == ["one"]
    db.rollback()
    assert note_texts() == []
    with db.session() as session:
        session.add(Note(text="two"))
        session.flush()
        assert note_texts() == ["two"]
        db.set_value(INVOICE, "A", "visits", 6)
    db.commit()
    db.rollback()
    assert note_texts() == ["two"]
    assert db.get_value(INVOICE, "A", "visits") == 6


def test_what_a_session_did_is_undone_alone(notes):
    db.set_value(INVOICE, "A", "visits", 6)

    def fail(*, committed: bool) -> None:
        with db.session() as session:
            session.add(Note(text="one"))
            session.flush()
            if committed:
                session.commit()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail(committed=False)
    assert note_texts() == []
    with pytest.raises(ZeroDivisionError), db.savepoint():
        fail(committed=True)
    assert note_texts() == []
    notes.unit.verified.add((INVOICE, "A"))
    session = db.session()
    session.add(Note(text="three"))
    session.commit()
    session.close()
    assert not notes.unit.verified
    db.commit()
    assert note_texts() == ["three"]
    assert db.get_value(INVOICE, "A", "visits") == 6


def test_add_index_once(context):
    def names():
        return {each["name"] for each in inspect(context.unit.link.connection).get_indexes("tabQuery Test Invoice")}

    before = names()
    db.add_index(INVOICE, ["customer", "visits"])
    db.add_index(INVOICE, ["customer", "visits"])
    db.add_index(INVOICE, "remarks", "by_remarks")
    assert names() - before == {"ix_tabQuery Test Invoice_customer_visits", "by_remarks"}
    assert {index.name for index in QueryTestInvoice.__table__.indexes} == before
    with pytest.raises(UnknownFieldError, match="Did you mean 'customer'"):
        db.add_index(INVOICE, ["custmer"])
    db.rollback()
    if context.unit.link.dialect != "mariadb":  # whose schema changes are no part of a transaction
        assert names() == before


def test_texts_are_one_statement_each(context):
    texts = count_statements(context)
    context.unit.link.close()
    db.sql("SELECT 1")
    assert texts == ["SELECT 1"]
