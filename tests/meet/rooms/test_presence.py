"""Who is here, across processes."""

import uuid
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from meet.models import Connection
from meet.orm_pool import pooled
from meet.rooms import presence


async def seen(connection_id, ago):
    await Connection.objects.filter(pk=connection_id).aupdate(seen_at=timezone.now() - ago)


async def names(room):
    return [member.name for member in await presence.members(room.pk)]


async def test_who_opened_a_socket_is_here_until_it_closes(cast):
    socket = uuid.uuid4()
    await presence.enter(socket, cast.alice.pk)
    assert await names(cast.room) == ["Alice"]
    await presence.leave(socket)
    assert await names(cast.room) == []


async def test_whose_process_died_is_gone_after_a_while(cast):
    socket = uuid.uuid4()
    await presence.enter(socket, cast.alice.pk)
    await seen(socket, presence.ABSENT_AFTER - timedelta(seconds=1))
    assert await names(cast.room) == ["Alice"]
    await seen(socket, presence.ABSENT_AFTER + timedelta(seconds=1))
    assert await names(cast.room) == []


async def test_a_process_renews_its_own_sockets_and_forgets_old_ones(cast):
    mine, theirs, old = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    for socket, person in ((mine, cast.alice), (theirs, cast.bob), (old, cast.bob)):
        await presence.enter(socket, person.pk)
        await seen(socket, presence.ABSENT_AFTER * 2)
    await seen(old, presence.FORGOTTEN_AFTER * 2)
    await Connection.objects.filter(pk__in=[theirs, old]).aupdate(process="another")
    await presence.renew([mine, theirs])
    assert await names(cast.room) == ["Alice"]
    assert {row.pk async for row in Connection.objects.all()} == {mine, theirs}


def just_before_a_row_is_written(then, work):
    """Do `work`, and `then` at the moment at which it first writes a connection's row."""
    due = [then]

    def at_that_moment(execute, sql, params, many, context):
        if due and sql.startswith('INSERT INTO "meet_connection"'):
            due.pop()()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(at_that_moment):
        work()


async def test_a_socket_that_opens_while_its_process_renews_its_others_is_here(cast):
    """The sweep knows a socket before its row is written."""
    socket = uuid.uuid4()
    enter, renew = presence.enter.__wrapped__, presence.renew.__wrapped__
    await pooled(just_before_a_row_is_written)(lambda: renew([socket]), lambda: enter(socket, cast.alice.pk))
    assert await names(cast.room) == ["Alice"]


async def test_a_row_that_another_process_forgot_is_put_back_once(cast):
    socket = uuid.uuid4()
    enter, renew = presence.enter.__wrapped__, presence.renew.__wrapped__
    await presence.enter(socket, cast.alice.pk)
    await Connection.objects.all().adelete()
    await pooled(just_before_a_row_is_written)(lambda: enter(socket, cast.alice.pk), lambda: renew([socket]))
    assert await names(cast.room) == ["Alice"]


async def test_presence_is_of_one_room(cast):
    await presence.enter(uuid.uuid4(), cast.alice.pk)
    assert await presence.members(cast.room.pk + 1) == []
