-- Telling subscribers what happened: broadcasts, the segments they are cut into, and the log of deliveries.
-- A segment is a range of subscribers and the unit of work: planning a million mails writes two thousand rows, not a
-- million. What a person wants to know of each mail is in the delivery log, written in lots as the outcomes come.

grant usage on schema notifications to pharos_notifications;

do $$
begin
    if to_regclass('notifications._sqlx_migrations') is not null then
        grant select on notifications._sqlx_migrations to pharos_notifications;
    end if;
end
$$;

create type notifications.broadcast_kind as enum ('incident_update', 'confirmation');
create type notifications.outcome as enum ('sent', 'deferred', 'bounced', 'suppressed', 'superseded', 'abandoned');
create type notifications.phase as enum ('investigating', 'identified', 'monitoring', 'resolved');

-- What is told, with everything that composing it needs: a mail composed again tomorrow is the same mail.
create table notifications.broadcast (
    tenant_id       uuid        not null,
    broadcast_id    uuid        not null,
    event_id        uuid        not null,
    kind            notifications.broadcast_kind not null,
    page_id         uuid        not null,
    page_slug       text        not null,
    page_name       text        not null,
    page_locale     text        not null,
    page_time_zone  text        not null,
    -- of an incident update
    incident_id     uuid,
    update_id       uuid,
    title           text,
    phase           notifications.phase,
    body            text,
    displayed_at    timestamptz,
    components      jsonb       not null default '[]',
    -- of a confirmation
    subscriber_id   uuid,
    planned         bigint      not null,
    created_at      timestamptz not null,
    completed_at    timestamptz,
    constraint broadcast_pk primary key (tenant_id, broadcast_id),
    constraint broadcast_event_key unique (tenant_id, event_id),
    constraint broadcast_page_slug_length check (char_length(page_slug) <= 63),
    constraint broadcast_page_name_length check (char_length(page_name) <= 64),
    constraint broadcast_page_locale_length check (char_length(page_locale) <= 35),
    constraint broadcast_page_time_zone_length check (char_length(page_time_zone) <= 64),
    constraint broadcast_title_length check (char_length(title) <= 200),
    constraint broadcast_body_length check (char_length(body) <= 25000),
    constraint broadcast_kind_fields check (
        case kind
            when 'incident_update' then
                incident_id is not null and update_id is not null and title is not null and phase is not null
                and body is not null and displayed_at is not null and subscriber_id is null
            when 'confirmation' then subscriber_id is not null and incident_id is null and update_id is null
        end)
);
create index broadcast_page on notifications.broadcast (tenant_id, page_id, broadcast_id);
create index broadcast_update on notifications.broadcast (tenant_id, update_id) where update_id is not null;

alter table notifications.broadcast enable row level security;
alter table notifications.broadcast force row level security;
create policy tenant_isolation on notifications.broadcast
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
grant select, insert, update on notifications.broadcast to pharos_notifications;

-- The outcome of each message, by subscriber.
create table notifications.delivery (
    tenant_id     uuid        not null,
    broadcast_id  uuid        not null,
    subscriber_id uuid        not null,
    outcome       notifications.outcome not null,
    attempts      integer     not null,
    reply         text        not null,
    updated_at    timestamptz not null,
    constraint delivery_pk primary key (tenant_id, broadcast_id, subscriber_id),
    constraint delivery_broadcast_fk foreign key (tenant_id, broadcast_id)
        references notifications.broadcast (tenant_id, broadcast_id) on delete cascade,
    constraint delivery_reply_length check (char_length(reply) <= 500)
);

alter table notifications.delivery enable row level security;
alter table notifications.delivery force row level security;
create policy tenant_isolation on notifications.delivery
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
grant select, insert, update on notifications.delivery to pharos_notifications;

-- The unit of work. A lease is a time in the future and an epoch: a sender whose lease ran out and went to another
-- writes nothing more, because every write of its names its epoch.
create table notifications.segment (
    segment_id       uuid        not null,
    tenant_id        uuid        not null,
    broadcast_id     uuid        not null,
    -- Updates of one incident reach a subscriber in the order of their positions.
    incident_id      uuid,
    position         bigint      not null,
    -- The range: after this id, to that one; and how far it has come.
    after_id         uuid        not null,
    last_id          uuid        not null,
    cursor_id        uuid        not null,
    planned          integer     not null,
    -- 1 for the first try, more for the one subscriber that was deferred.
    attempt          integer     not null,
    created_at       timestamptz not null default now(),
    due_at           timestamptz not null default now(),
    leased_until     timestamptz,
    epoch            integer     not null default 0,
    -- Tries that ended in a fault of ours; at three the rest of the segment is given up.
    faults           integer     not null default 0,
    -- Connections lost over the mail at the cursor; at three its recipient is put off and the others go on.
    drops            integer     not null default 0,
    -- A newer update of the incident is there: nobody more gets this one.
    superseded       boolean     not null default false,
    -- The holder of the lease may be handing mails over at this moment.
    sending          boolean     not null default false,
    done_at          timestamptz,
    sent             integer     not null default 0,
    bounced          integer     not null default 0,
    suppressed       integer     not null default 0,
    superseded_count integer     not null default 0,
    abandoned        integer     not null default 0,
    constraint segment_pk primary key (segment_id)
);
comment on table notifications.segment is 'work table: ranges of subscribers to be sent to; ids, times and counts only';
-- Of each tenant the segment to take next: superseded ones last, for nobody waits for them, and those of no incident
-- (confirmations) first.
create index segment_next on notifications.segment
    (tenant_id, superseded, (incident_id is not null), due_at, segment_id) where done_at is null;
create index segment_incident on notifications.segment (incident_id, position) where done_at is null;
create index segment_sending on notifications.segment (incident_id, position) where sending and done_at is null;
create index segment_leased on notifications.segment (tenant_id, leased_until) where done_at is null;
create index segment_broadcast on notifications.segment (broadcast_id);
grant select, insert, update on notifications.segment to pharos_notifications;
