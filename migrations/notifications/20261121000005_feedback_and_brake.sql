-- What comes back after a mail server took a mail: reports that it could not be delivered, or is late, and complaints
-- of its reader. And what follows from complaints: a tenant whose mails are called spam too often is slowed, then
-- stopped, before the mails of all the others are judged by its.

create type notifications.feedback_kind as enum ('returned', 'delayed', 'complained');
create type notifications.brake_level as enum ('slowed', 'stopped');

-- One row of each kind for each mail, however often a server or a provider repeats itself; appended and never changed.
create table notifications.feedback (
    tenant_id    uuid        not null,
    broadcast_id uuid        not null,
    recipient_id uuid        not null,
    kind         notifications.feedback_kind not null,
    -- of RFC 3463, such as 5.1.1; empty if none was told
    status       text        not null,
    -- what the server or the provider said
    diagnostic   text        not null,
    received_at  timestamptz not null,
    constraint feedback_pk primary key (tenant_id, broadcast_id, recipient_id, kind),
    constraint feedback_broadcast_fk foreign key (tenant_id, broadcast_id)
        references notifications.broadcast (tenant_id, broadcast_id) on delete cascade,
    constraint feedback_status_length check (char_length(status) <= 11),
    constraint feedback_diagnostic_length check (char_length(diagnostic) <= 500)
);
-- The counts of the last days.
create index feedback_received on notifications.feedback (tenant_id, received_at);

alter table notifications.feedback enable row level security;
alter table notifications.feedback force row level security;
create policy tenant_isolation on notifications.feedback
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
grant select, insert on notifications.feedback to pharos_notifications;

-- The envelope sender of a mail names its broadcast and its recipient, and has no room for the tenant. A provider that
-- writes an envelope sender of its own leaves the Message-ID, which names what is told and the recipient.
create table notifications.broadcast_tenant (
    broadcast_id uuid not null,
    tenant_id    uuid not null,
    -- the update that it tells, or, where it tells none, the event
    told_id      uuid not null,
    constraint broadcast_tenant_pk primary key (broadcast_id),
    constraint broadcast_tenant_broadcast_fk foreign key (tenant_id, broadcast_id)
        references notifications.broadcast (tenant_id, broadcast_id) on delete cascade
);
comment on table notifications.broadcast_tenant is
    'registry: whose a broadcast is, for a mail that comes back and names nothing else';
-- For the foreign key when a broadcast goes.
create index broadcast_tenant_broadcast on notifications.broadcast_tenant (tenant_id, broadcast_id);
create index broadcast_tenant_told on notifications.broadcast_tenant (told_id, broadcast_id);
grant select, insert on notifications.broadcast_tenant to pharos_notifications;

-- The owner that migrates sees every tenant's rows for as long as this takes.
alter table notifications.broadcast no force row level security;
insert into notifications.broadcast_tenant (broadcast_id, tenant_id, told_id)
select broadcast_id, tenant_id, coalesce(update_id, event_id) from notifications.broadcast;
alter table notifications.broadcast force row level security;

-- The tenants of which complaints came in the last days. What follows from them is counted anew with each complaint and
-- every ten minutes; a row is locked meanwhile, so that of two who count the later one writes what it saw.
create table notifications.brake (
    tenant_id uuid        not null,
    -- how its mails are held back; null if they are not
    level     notifications.brake_level,
    -- since when the level is what it is
    since     timestamptz not null,
    constraint brake_pk primary key (tenant_id)
);
comment on table notifications.brake is 'work table: of whom complaints came, and how their mails are held back for it';
grant select, insert, update, delete on notifications.brake to pharos_notifications;

-- The counts of the last days.
create index broadcast_created on notifications.broadcast (tenant_id, created_at);
