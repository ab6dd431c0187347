-- What happened: a page's components, its incidents with their updates, and the events that somebody must be
-- told of. Updates are facts and never change; phase, impact and statuses beside them are caches of what follows
-- from the updates, written in the same transaction.
create type incidents.component_status as enum (
    'operational', 'degraded_performance', 'partial_outage', 'major_outage');
create type incidents.phase as enum ('investigating', 'identified', 'monitoring', 'resolved');
create type incidents.impact as enum ('none', 'minor', 'major', 'critical');

-- Every change of a page begins by moving its row on, and so by locking it: changes of one page come one after
-- the other, and the positions of its events are in the order of the commits.
create table incidents.page_version (
    tenant_id uuid not null,
    page_id uuid not null,
    version bigint not null,
    event_position bigint not null,
    constraint page_version_pk primary key (tenant_id, page_id),
    constraint page_version_range check (version >= 1 and event_position >= 0)
);

create table incidents.component_group (
    tenant_id uuid not null,
    component_group_id uuid not null,
    page_id uuid not null,
    name text not null,
    position integer not null,
    created_at timestamptz not null default now(),
    constraint component_group_pk primary key (tenant_id, component_group_id),
    -- For lists by age, and for components to stand only in a group of their own page.
    constraint component_group_of_page unique (tenant_id, page_id, component_group_id),
    constraint component_group_name check (char_length(name) between 1 and 100),
    constraint component_group_position check (position between 0 and 100000)
);

create table incidents.component (
    tenant_id uuid not null,
    component_id uuid not null,
    page_id uuid not null,
    component_group_id uuid,
    name text not null,
    description text not null,
    status incidents.component_status not null,
    position integer not null,
    created_at timestamptz not null default now(),
    constraint component_pk primary key (tenant_id, component_id),
    -- For lists by age.
    constraint component_of_page unique (tenant_id, page_id, component_id),
    constraint component_group_fk foreign key (tenant_id, page_id, component_group_id)
        references incidents.component_group (tenant_id, page_id, component_group_id),
    constraint component_name check (char_length(name) between 1 and 100),
    constraint component_description check (char_length(description) <= 500),
    constraint component_position check (position between 0 and 100000)
);

create table incidents.incident (
    tenant_id uuid not null,
    incident_id uuid not null,
    page_id uuid not null,
    title text not null,
    phase incidents.phase not null,
    impact incidents.impact not null,
    started_at timestamptz not null,
    resolved_at timestamptz,
    created_at timestamptz not null default now(),
    constraint incident_pk primary key (tenant_id, incident_id),
    constraint incident_title check (char_length(title) between 1 and 200),
    constraint incident_resolved_at check ((phase = 'resolved') = (resolved_at is not null)),
    constraint incident_times check (resolved_at >= started_at)
);
create index incident_newest on incidents.incident (tenant_id, page_id, started_at desc, incident_id desc);
-- The front of a page shows what is open and what was resolved lately: neither look-up may grow with the past.
create index incident_open on incidents.incident (tenant_id, page_id, started_at desc, incident_id desc)
    where resolved_at is null;
create index incident_resolved on incidents.incident (tenant_id, page_id, resolved_at)
    where resolved_at is not null;

create table incidents.incident_update (
    tenant_id uuid not null,
    update_id uuid not null,
    incident_id uuid not null,
    phase incidents.phase not null,
    body text not null,
    silent boolean not null,
    displayed_at timestamptz not null,
    created_at timestamptz not null default now(),
    constraint incident_update_pk primary key (tenant_id, update_id),
    constraint incident_update_incident_fk foreign key (tenant_id, incident_id)
        references incidents.incident (tenant_id, incident_id),
    constraint incident_update_body check (char_length(body) between 1 and 25000)
);
create index incident_update_newest
    on incidents.incident_update (tenant_id, incident_id, displayed_at desc, update_id desc);

-- What an update says of a component.
create table incidents.update_component (
    tenant_id uuid not null,
    update_id uuid not null,
    component_id uuid not null,
    status incidents.component_status not null,
    constraint update_component_pk primary key (tenant_id, update_id, component_id),
    constraint update_component_update_fk foreign key (tenant_id, update_id)
        references incidents.incident_update (tenant_id, update_id),
    constraint update_component_component_fk foreign key (tenant_id, component_id)
        references incidents.component (tenant_id, component_id)
);

-- What an incident says of a component now. There is no index by component on purpose: the few open incidents of
-- a page lead to what they say, so that a component's long past is never read.
create table incidents.incident_component (
    tenant_id uuid not null,
    incident_id uuid not null,
    component_id uuid not null,
    status incidents.component_status not null,
    constraint incident_component_pk primary key (tenant_id, incident_id, component_id),
    constraint incident_component_incident_fk foreign key (tenant_id, incident_id)
        references incidents.incident (tenant_id, incident_id),
    constraint incident_component_component_fk foreign key (tenant_id, component_id)
        references incidents.component (tenant_id, component_id)
);

create table incidents.request (
    tenant_id uuid not null,
    member_id uuid not null,
    method text not null,
    request_id text not null,
    request_hash bytea not null,
    reply bytea,
    created_at timestamptz not null default now(),
    constraint request_pk primary key (tenant_id, member_id, method, request_id),
    constraint request_method check (char_length(method) <= 64),
    constraint request_request_id check (char_length(request_id) <= 64),
    constraint request_request_hash check (octet_length(request_hash) = 32)
);
create index request_purge on incidents.request (tenant_id, created_at);

create table incidents.outbox (
    event_id uuid not null,
    tenant_id uuid not null,
    page_id uuid not null,
    incident_id uuid not null,
    update_id uuid not null,
    position bigint not null,
    created_at timestamptz not null default now(),
    -- Nobody else takes the event before this; long past when nobody has it.
    leased_until timestamptz not null default '-infinity',
    -- Grows with each lease, so that one that ran out cannot end another's.
    lease_epoch bigint not null default 0,
    -- Failed tries since it was written.
    attempts integer not null default 0,
    constraint outbox_pk primary key (event_id),
    constraint outbox_page_position unique (tenant_id, page_id, position),
    constraint outbox_range check (position >= 1 and lease_epoch >= 0 and attempts >= 0)
);
create index outbox_oldest on incidents.outbox (created_at, event_id);
comment on table incidents.outbox is
    'work table: events that wait to be handed to notifications, in order for each page; ids and times only';

do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array[
        'page_version', 'component_group', 'component', 'incident', 'incident_update', 'update_component',
        'incident_component', 'request'
    ] loop
        execute format('alter table incidents.%I enable row level security', tenant_table);
        execute format('alter table incidents.%I force row level security', tenant_table);
        execute format(
            'create policy tenant_isolation on incidents.%I
             using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)
             with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)',
            tenant_table);
    end loop;
end
$$;

grant usage on schema incidents to pharos_incidents;
grant select, insert, update on
    incidents.page_version, incidents.component, incidents.incident, incidents.incident_component
    to pharos_incidents;
-- Groups and updates never change once they are there.
grant select, insert on incidents.component_group, incidents.incident_update, incidents.update_component
    to pharos_incidents;
grant select, insert, update, delete on incidents.request, incidents.outbox to pharos_incidents;
do $$
begin
    if to_regclass('incidents._sqlx_migrations') is not null then
        grant select on incidents._sqlx_migrations to pharos_incidents;
    end if;
end
$$;

-- When a tenant's kept replies have to go: a row for each hour that has any, whether or not the tenant ever comes back.
create table incidents.request_expiry (
    tenant_id uuid not null,
    expires_at timestamptz not null,
    constraint request_expiry_pk primary key (tenant_id, expires_at)
);
create index request_expiry_next on incidents.request_expiry (expires_at);
comment on table incidents.request_expiry is 'work table: when kept replies are to be deleted; ids and times only';
grant select, insert, delete on incidents.request_expiry to pharos_incidents;
