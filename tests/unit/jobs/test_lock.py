"""Locks: of all contexts of a site one is in the block, until what it wrote is committed."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

import doclife
from doclife.core import clock
from doclife.core.errors import LockTimeout, QueryTimeoutError, ValidationError
from doclife.doctypes.user import Role
from doclife.jobs.enqueue import enqueue
from doclife.jobs.lock import lock
from doclife.schema.tables import lease
from doclife.uow.unit import current_unit
from tests.contract.databases import only_on
from tests.unit.jobs import bodies

impatient = pytest.mark.doclife_settings(sqlite_busy_timeout=0.05)


def _role(name):
    Role(role_name=name).insert()


@contextmanager
def _refused(site, key="stock", error=LockTimeout):
    """Another context that wants the lock and does not get it."""
    with site.work(), pytest.raises(error) as refusal, lock(key):
        raise AssertionError("two are in the block")
    yield refusal


def _later(seconds):
    return clock.travel(by=timedelta(seconds=seconds))


def _free(site, key="stock"):
    with site.work(), lock(key) as had:
        return had.token


def test_one_context_is_in_the_block_and_the_others_are_told_who(committed_site):
    site = committed_site
    with site.work():
        with lock("stock"):
            with _refused(site) as refusal:
                pass
            assert "lock 'stock' is held by process " in str(refusal.value)
            assert " since 20" in str(refusal.value)
            assert _free(site, "another key")
        assert _free(site)


def test_tokens_grow_with_each_holder(committed_site):
    tokens = [_free(committed_site) for _ in range(3)]
    assert tokens == sorted(set(tokens))


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_it_is_given_back_by_the_end_of_the_transaction_not_of_the_block(committed_site, end):
    site = committed_site
    with site.work() as context:
        with lock("stock"):
            _role("Buyer")
        with _refused(site):
            pass
        getattr(context.unit, end)()
        assert _free(site)


def test_staged_jobs_alone_keep_it_until_the_commit(committed_site):
    site = committed_site
    with site.work() as context:
        with lock("stock"):
            enqueue(bodies.note)
        with _refused(site):
            pass
        context.unit.commit()
        assert _free(site)


def test_commits_inside_the_block_do_not_give_it_back(committed_site):
    site = committed_site
    with site.work() as context, lock("stock"):
        _role("Buyer")
        context.unit.commit()
        with _refused(site):
            pass


def test_an_exception_gives_it_back_with_the_rollback(committed_site):
    site = committed_site

    def work():
        with site.work(), lock("stock"):
            _role("Buyer")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert _free(site)


def test_the_same_context_may_take_it_again(committed_site):
    site = committed_site
    with site.work() as context:
        with lock("stock") as outer:
            with lock("stock") as inner:
                _role("Buyer")
            assert inner.token == outer.token
            context.unit.commit()
            with _refused(site):
                pass
        assert _free(site)


def test_between_two_blocks_of_one_transaction_nobody_comes_in(committed_site):
    site = committed_site
    with site.work() as context:
        with lock("stock") as first:
            _role("Buyer")
        with lock("stock") as second:
            assert second.token == first.token
            context.unit.commit()
            with _refused(site):
                pass
        assert _free(site)


# taken by a transaction that has written already


@impatient
def test_a_transaction_that_has_written_does_not_wait_for_itself(committed_site):
    site = committed_site
    with site.work() as context:
        _role("Buyer")
        with lock("stock"):
            # SQLite: nobody can write now, so nobody can take it
            with _refused(site, error=(LockTimeout, QueryTimeoutError)):
                pass
            context.unit.commit()
            with _refused(site):
                pass
        assert _free(site)


def test_a_rollback_inside_the_block_does_not_lose_it(committed_site):
    site = committed_site
    with site.work() as context:
        _role("Buyer")
        with lock("stock") as had:
            context.unit.rollback()
            with _refused(site):
                pass
            _role("Seller")
            context.unit.commit()
            with _refused(site):
                pass
        assert _free(site) > had.token


def test_a_savepoint_that_is_undone_does_not_lose_it(committed_site):
    site = committed_site
    with site.work() as context:
        _role("Buyer")
        outer = lock("stock")

        def work():
            with doclife.db.savepoint():
                _role("Lost")
                outer.__enter__()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            work()
        context.unit.commit()
        with _refused(site):
            pass
        outer.__exit__(None, None, None)
        assert _free(site)


def test_who_lost_it_to_a_faster_one_cannot_commit(committed_site):
    """SQLite: a lock inside the transaction goes with its rollback, and somebody takes it before it is taken again."""
    site = committed_site
    with site.work() as context:
        _role("Buyer")
        with lock("stock"):
            context.unit.add_callback("after_rollback", lambda: _try(site))
            context.unit.rollback()
            _role("Seller")
            if site.database.dialect == "sqlite":
                with pytest.raises(LockTimeout, match="taken by somebody else meanwhile"):
                    context.unit.commit()
            else:
                context.unit.commit()
    with site.work():
        assert bool(doclife.db.exists("Role", "Seller")) == (site.database.dialect != "sqlite")


def _try(site):
    with site.work():
        try:
            with lock("stock"):
                pass
        except LockTimeout:
            pass


# its time


def test_when_its_time_is_over_others_may_come_in_and_what_was_written_under_it_is_refused(committed_site):
    site = committed_site
    with site.work() as context, lock("stock", ttl=10) as had:
        with _later(9), _refused(site):
            pass
        with _later(11):
            assert _free(site) > had.token
            _role("Buyer")
            with pytest.raises(LockTimeout, match=r"it lasts 10 s \(ttl\)"):
                context.unit.commit()
    with site.work():
        assert not doclife.db.exists("Role", "Buyer")


def test_when_its_time_is_over_and_nobody_came_the_commit_renews_it(committed_site):
    site = committed_site
    with site.work() as context, lock("stock", ttl=10), _later(11):
        _role("Buyer")
        context.unit.commit()
        with _refused(site):
            pass


def test_it_can_be_renewed_and_not_when_it_is_lost(committed_site):
    site = committed_site
    with site.work(), lock("stock", ttl=10) as had:
        had.renew(60)
        with _later(50), _refused(site):
            pass
        with _later(61):
            _free(site)
            with pytest.raises(LockTimeout, match="taken by somebody else"):
                had.renew()


# waiting


def test_who_waits_has_it_when_it_is_given_back(committed_site):
    site = committed_site
    entered, leave, order = threading.Event(), threading.Event(), []

    def first():
        with site.work(), lock("stock"):
            entered.set()
            leave.wait(10)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(10)
    threading.Timer(0.05, leave.set).start()
    with site.work(), lock("stock", wait=10):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_many_threads_are_in_the_block_one_at_a_time(committed_site):
    site = committed_site
    inside, worst, done = [], [], []

    def work(n):
        for _ in range(3):
            with site.work(), lock("stock", wait=30):
                inside.append(n)
                worst.append(len(inside))
                _role(f"R{n}-{len(done)}")
                done.append(n)
                inside.remove(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (max(worst), len(done)) == (1, 12)


def test_who_waits_in_vain_is_told_how_long(committed_site):
    site = committed_site
    in_vain = pytest.raises(LockTimeout, match=r"not given back within 0\.01 s")
    with site.work(), lock("stock"), site.work(), in_vain, lock("stock", wait=0.01):
        pass


@only_on("sqlite")
def test_who_has_written_does_not_wait_where_nobody_else_can_write(committed_site):
    site = committed_site
    with site.work(), lock("stock"), site.work():
        _role("Buyer")
        with pytest.raises(LockTimeout, match="take it before the first write"), lock("stock", wait=600):
            pass


# forms


def test_it_is_a_decorator_too(site):
    @doclife.lock("stock")
    def deliver(depth):
        current = current_unit().link.execute(select(lease.c.holder).where(lease.c.name == "lock:stock")).scalar()
        return [current, *(deliver(depth - 1) if depth else [])]

    held = deliver(1)
    assert held[0] is not None
    assert held == [held[0]] * 2
    assert deliver(0) != [None]


def test_in_a_test_of_an_app_it_works_before_and_after_a_write(site):
    with lock("stock"):
        _role("Buyer")
    current_unit().commit()
    _role("Seller")
    with lock("stock"):
        current_unit().rollback()
    assert current_unit().link.execute(select(lease.c.holder).where(lease.c.name == "lock:stock")).scalar() is None


def test_a_long_key_is_one_too(site):
    key = "é" * 300
    with lock(key):
        names = current_unit().link.execute(select(lease.c.name)).scalars().all()
    assert [len(name) for name in names if name.startswith("lock:")] == [69]


@pytest.mark.parametrize(
    "bad", [{"key": ""}, {"key": 5}, {"ttl": 0}, {"ttl": "1"}, {"wait": -1}, {"ttl": float("nan")}]
)
def test_what_is_no_lock_is_refused_at_the_call(bad):
    with pytest.raises(ValidationError, match=r"doclife\.lock"):
        lock(**({"key": "stock"} | bad))


def test_renewing_is_for_the_block(site):
    had = lock("stock")
    with pytest.raises(ValidationError, match="for the `with` block"):
        had.renew()
    with had:
        had.renew()
        assert had.token > 0


def test_one_lock_may_be_taken_inside_itself_and_by_several_contexts(committed_site):
    site, stock = committed_site, lock("stock")
    with site.work():
        with stock, stock:
            with _refused(site):
                pass
            with site.work(), pytest.raises(LockTimeout), stock:
                raise AssertionError("two are in the block")
        assert _free(site)
        with stock:
            stock.renew(60)
    with pytest.raises(ValidationError), site.work():
        stock.renew()


def test_what_is_called_before_the_commit_is_still_under_it(committed_site):
    site, seen = committed_site, []

    def look():
        with _refused(site):
            seen.append("refused")

    with site.work() as context:
        with lock("stock"):
            context.unit.add_callback("before_commit", look)
        context.unit.commit()
        assert seen == ["refused"]
        assert _free(site)
