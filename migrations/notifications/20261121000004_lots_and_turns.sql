-- A million mails at the speed of the wire. Outcomes are appended in lots, one row for each lot that a sender writes
-- down, in place of a row for each recipient: a tenth of the log volume. Segments have a state, so that a lease looks at
-- nothing that cannot be taken now, and a turn, so that a small broadcast goes in between the segments of a large one.
-- What a sender writes while it works (cursor, counts, lease) is in no index, so that these updates stay on their page.
-- A retry is one segment for all of a lot who were put off, not one for each.
--
-- Senders of the release before this one must be stopped first: they would send a retry to its whole range.

create type notifications.segment_state as enum ('waiting', 'ready', 'leased', 'done');
create type notifications.audience_part as enum ('page', 'components');

alter table notifications.segment
    add column state notifications.segment_state not null default 'ready',
    -- Of a tenant's ready segments the one with the lowest is taken next.
    add column turn bigint not null default 0,
    add column part notifications.audience_part,
    -- Who of the range is meant; null for all.
    add column only_ids uuid[],
    -- 0, and one more each time that the broadcast is sent again to those whom it has not reached.
    add column pass smallint not null default 0,
    -- 1 for a range as planned, one more for those of it who were put off, and so on.
    add column generation integer not null default 1,
    -- A member keeps the broadcast from going on.
    add column paused boolean not null default false;
alter table notifications.segment set (fillfactor = 60);
comment on column notifications.segment.attempt is
    'the how-manieth try this is for those in it; who is put off without a try keeps the number';

-- The owner that migrates sees every tenant's rows for as long as this takes.
alter table notifications.broadcast no force row level security;
alter table notifications.delivery no force row level security;

update notifications.segment
set state = case
        when done_at is not null then 'done'
        when leased_until > now() then 'leased'
        when due_at > now() then 'waiting'
        else 'ready'
    end::notifications.segment_state,
    generation = attempt,
    only_ids = case when attempt > 1 then array [last_id] end;
-- Before, who was confirmed heard of everything.
update notifications.segment segment
set part = 'page'
from notifications.broadcast broadcast
where broadcast.tenant_id = segment.tenant_id and broadcast.broadcast_id = segment.broadcast_id
    and broadcast.kind not in ('confirmation', 'next_update_due');

drop index notifications.segment_next;
drop index notifications.segment_incident;
drop index notifications.segment_sending;
drop index notifications.segment_leased;
-- Superseded ones last: nobody waits for them.
create index segment_ready on notifications.segment (tenant_id, superseded, turn, segment_id)
    where state = 'ready' and not paused;
create index segment_waiting on notifications.segment (due_at) where state = 'waiting' and not paused;
create index segment_leased on notifications.segment (tenant_id) where state = 'leased';
create index segment_sending on notifications.segment (incident_id, position) where sending;
-- Whether a broadcast has ended is asked with the end of each of its segments.
create index segment_open on notifications.segment (broadcast_id) where state <> 'done';
create index segment_thread on notifications.segment (incident_id, position) where state <> 'done';
grant delete on notifications.segment, notifications.broadcast to pharos_notifications;

alter table notifications.broadcast
    -- Whoever chose one of them hears of it, beside those who chose the whole page.
    add column component_ids uuid[] not null default '{}',
    add column paused_at timestamptz,
    add column resent_at timestamptz,
    -- How often it was sent again.
    add column passes smallint not null default 0,
    -- What became of those whose segments are done and gone; the segments that are there count beside it.
    add column sent bigint not null default 0,
    add column bounced bigint not null default 0,
    add column suppressed bigint not null default 0,
    add column superseded bigint not null default 0,
    add column abandoned bigint not null default 0,
    add constraint broadcast_component_ids_length check (cardinality(component_ids) <= 2000);

update notifications.broadcast broadcast
set sent = total.sent, bounced = total.bounced, suppressed = total.suppressed, superseded = total.superseded,
    abandoned = total.abandoned
from (
    select broadcast_id, sum(sent) as sent, sum(bounced) as bounced, sum(suppressed) as suppressed,
           sum(superseded_count) as superseded, sum(abandoned) as abandoned
    from notifications.segment
    group by broadcast_id
) total
where total.broadcast_id = broadcast.broadcast_id and broadcast.completed_at is not null;
delete from notifications.segment segment
using notifications.broadcast broadcast
where broadcast.broadcast_id = segment.broadcast_id and broadcast.completed_at is not null;

-- Outcomes, appended and never changed. A lot holds recipients in the order of their ids, from the first to the last;
-- of one pass, part and generation no two lots overlap, and the lots of those who were put off lie within the one in
-- which they were. What counts for a recipient is the last pass, and in it the highest generation.
-- No foreign key: its check would lock the broadcast's row for each lot, which all senders of a broadcast write at once.
create table notifications.delivery_lot (
    tenant_id     uuid        not null,
    broadcast_id  uuid        not null,
    pass          smallint    not null,
    -- Of those who chose components: their ids lie in between those of the others. No enum: its comparison is not
    -- leak-proof, and behind row-level security an index is searched by nothing else.
    by_component  boolean     not null,
    generation    integer     not null,
    first_id      uuid        not null,
    last_id       uuid        not null,
    -- How often those of the lot that were tried have been tried.
    attempts      integer     not null,
    written_at    timestamptz not null,
    recipient_ids uuid[]      not null,
    outcomes      notifications.outcome[] not null,
    -- The mail server's words, 500 characters each at most.
    replies       text[]      not null,
    constraint delivery_lot_pk primary key (tenant_id, broadcast_id, pass, by_component, last_id, generation),
    constraint delivery_lot_sizes check (
        cardinality(recipient_ids) between 1 and 1000
        and cardinality(outcomes) = cardinality(recipient_ids) and cardinality(replies) = cardinality(recipient_ids)),
    constraint delivery_lot_replies_length check (length(array_to_string(replies, '')) <= 500 * cardinality(replies))
);

-- Each of the old rows said how it stands last, so that one generation holds them all, a hundred in a lot. Of a broadcast
-- that still goes on no lot reaches from one segment into the next: what is left of either comes in between.
insert into notifications.delivery_lot
    (tenant_id, broadcast_id, pass, by_component, generation, first_id, last_id, attempts, written_at, recipient_ids,
     outcomes, replies)
select tenant_id, broadcast_id, 0, false, 1, min(subscriber_id::text)::uuid, max(subscriber_id::text)::uuid,
       max(attempts), max(updated_at), array_agg(subscriber_id order by subscriber_id),
       array_agg(outcome order by subscriber_id), array_agg(reply order by subscriber_id)
from (
    select delivery.*, segment.segment_id,
           (row_number() over (
               partition by delivery.tenant_id, delivery.broadcast_id, segment.segment_id
               order by delivery.subscriber_id) - 1) / 100 as lot
    from notifications.delivery
    left join notifications.segment
        on segment.broadcast_id = delivery.broadcast_id and segment.generation = 1
        and delivery.subscriber_id > segment.after_id and delivery.subscriber_id <= segment.last_id
) numbered
group by tenant_id, broadcast_id, segment_id, lot;

alter table notifications.delivery_lot enable row level security;
alter table notifications.delivery_lot force row level security;
create policy tenant_isolation on notifications.delivery_lot
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
grant select, insert, delete on notifications.delivery_lot to pharos_notifications;

alter table notifications.broadcast force row level security;
alter table notifications.delivery force row level security;

comment on table notifications.delivery is
    'no longer read or written: the rows were moved to delivery_lot; a later release drops it';
