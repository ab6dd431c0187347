-- Components in full: what pages show of them, the vendors that third-party components follow, and the history of
-- their statuses. Until now a status followed from open incidents alone, and nothing remembered it.

alter table incidents.component_group
    add column description text not null default '',
    -- Grows with each change that people make; the etag.
    add column revision bigint not null default 1,
    add constraint component_group_description check (char_length(description) <= 500),
    add constraint component_group_revision check (revision >= 1);

create type incidents.vendor_format as enum ('statuspage', 'incident_io', 'instatus');

create table incidents.vendor (
    tenant_id uuid not null,
    vendor_id uuid not null,
    page_id uuid not null,
    name text not null,
    url text not null,
    format incidents.vendor_format not null,
    -- When its page was last read, and since when reading it fails.
    heard_at timestamptz,
    failing_since timestamptz,
    problem text not null default '',
    created_at timestamptz not null default now(),
    constraint vendor_pk primary key (tenant_id, vendor_id),
    -- For lists by age, and for components to follow only vendors of their own page.
    constraint vendor_of_page unique (tenant_id, page_id, vendor_id),
    constraint vendor_name check (char_length(name) between 1 and 100),
    constraint vendor_url check (char_length(url) <= 500),
    constraint vendor_problem check (char_length(problem) <= 300)
);

-- What a vendor's page lists. A component that it lists no more stays, with the time since when: a status is never
-- derived from what was not read.
create table incidents.vendor_component (
    tenant_id uuid not null,
    vendor_id uuid not null,
    vendor_component_id text not null,
    place integer not null,
    name text not null,
    group_name text not null,
    status incidents.component_status not null,
    missing_since timestamptz,
    constraint vendor_component_pk primary key (tenant_id, vendor_id, vendor_component_id),
    constraint vendor_component_vendor_fk foreign key (tenant_id, vendor_id)
        references incidents.vendor (tenant_id, vendor_id) on delete cascade,
    constraint vendor_component_id check (char_length(vendor_component_id) between 1 and 200),
    constraint vendor_component_name check (char_length(name) between 1 and 200),
    constraint vendor_component_group_name check (char_length(group_name) <= 200),
    constraint vendor_component_place check (place >= 0)
);
-- Components may follow by name what the vendor's page has no such id for.
create index vendor_component_name on incidents.vendor_component (tenant_id, vendor_id, name);

alter table incidents.component
    add column start_date date,
    add column hidden_while_operational boolean not null default false,
    add column shows_uptime boolean not null default true,
    add column vendor_id uuid,
    add column vendor_component text,
    add column deleted_at timestamptz,
    add column revision bigint not null default 1,
    add constraint component_vendor_fk foreign key (tenant_id, page_id, vendor_id)
        references incidents.vendor (tenant_id, page_id, vendor_id),
    add constraint component_third_party check ((vendor_id is null) = (vendor_component is null)),
    add constraint component_vendor_component check (char_length(vendor_component) between 1 and 200),
    add constraint component_revision check (revision >= 1);
create index component_vendor on incidents.component (tenant_id, vendor_id) where vendor_id is not null;

create type incidents.cause as enum ('incident', 'maintenance', 'member', 'vendor');

-- Times in which something gave a component a status other than operational. A row is never rewritten: an open one
-- is ended once, and one that turned out wrong is retracted once. What a page said at some moment can so be found
-- again, whatever was corrected since.
create table incidents.status_interval (
    tenant_id uuid not null,
    status_interval_id uuid not null,
    page_id uuid not null,
    component_id uuid not null,
    status incidents.component_status not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    cause incidents.cause not null,
    -- The incident, maintenance, member or vendor; without a foreign key, because history outlives them.
    cause_id uuid not null,
    -- The member who did what led to it; absent if the clock or a vendor did.
    member_id uuid,
    recorded_at timestamptz not null,
    retracted_at timestamptz,
    constraint status_interval_pk primary key (tenant_id, status_interval_id),
    constraint status_interval_component_fk foreign key (tenant_id, component_id)
        references incidents.component (tenant_id, component_id),
    constraint status_interval_status check (status <> 'operational'),
    constraint status_interval_times check (ended_at > started_at)
);
create index status_interval_open on incidents.status_interval (tenant_id, component_id)
    where ended_at is null and retracted_at is null;
create index status_interval_cause on incidents.status_interval (tenant_id, cause_id) where retracted_at is null;
create index status_interval_latest
    on incidents.status_interval (tenant_id, component_id, started_at desc, status_interval_id desc);
-- Uptime asks for the outages that reach into a window: their ends are after its beginning, however long ago they
-- began, and those before it are never read. The bare column, because under row-level security the planner uses no
-- expression that it does not take for leakproof. The beginnings stand beside the ends, so that of what came after the
-- window only the index is read; to skip that too, an index of ranges would be needed, and with it an extension.
create index status_interval_outage on incidents.status_interval (tenant_id, page_id, ended_at, started_at)
    where retracted_at is null and status in ('partial_outage', 'major_outage');

-- How a page counts uptime, in percent; a page without a row counts as the contract's defaults say.
create table incidents.uptime_setting (
    tenant_id uuid not null,
    page_id uuid not null,
    partial_outage_percent smallint not null,
    major_outage_percent smallint not null,
    constraint uptime_setting_pk primary key (tenant_id, page_id),
    constraint uptime_setting_range check (
        0 <= partial_outage_percent and partial_outage_percent <= major_outage_percent
        and major_outage_percent <= 100)
);

-- The history of what incidents have said so far. Each mention of a component lasts until the incident turns it to
-- something else, or resolves without naming it. What a resolved incident left behind ends with it: until now it did
-- not count any more.
alter table incidents.incident no force row level security;
alter table incidents.incident_update no force row level security;
alter table incidents.update_component no force row level security;
with mention as (
    select u.tenant_id, i.page_id, u.incident_id, said.component_id, said.status, u.displayed_at, u.update_id
    from incidents.incident_update u
    join incidents.incident i on i.tenant_id = u.tenant_id and i.incident_id = u.incident_id
    join incidents.update_component said on said.tenant_id = u.tenant_id and said.update_id = u.update_id
    union all
    select u.tenant_id, i.page_id, u.incident_id, known.component_id, 'operational', u.displayed_at, u.update_id
    from incidents.incident_update u
    join incidents.incident i on i.tenant_id = u.tenant_id and i.incident_id = u.incident_id
    cross join lateral (
        select distinct said.component_id
        from incidents.incident_update other
        join incidents.update_component said
            on said.tenant_id = other.tenant_id and said.update_id = other.update_id
        where other.tenant_id = u.tenant_id and other.incident_id = u.incident_id
            and not exists (
                select from incidents.update_component named
                where named.tenant_id = u.tenant_id and named.update_id = u.update_id
                    and named.component_id = said.component_id)) known
    where u.phase = 'resolved'
), turn as (
    select m.*, lag(status) over (
        partition by tenant_id, incident_id, component_id order by displayed_at, update_id) as status_before
    from mention m
), spell as (
    select t.*, coalesce(
        lead(t.displayed_at) over (
            partition by t.tenant_id, t.incident_id, t.component_id order by t.displayed_at, t.update_id),
        i.resolved_at) as ended_at
    from turn t
    join incidents.incident i on i.tenant_id = t.tenant_id and i.incident_id = t.incident_id
    where t.status is distinct from t.status_before
)
insert into incidents.status_interval (
    tenant_id, status_interval_id, page_id, component_id, status, started_at, ended_at, cause, cause_id, recorded_at)
select tenant_id, gen_random_uuid(), page_id, component_id, status, displayed_at, ended_at, 'incident', incident_id,
    now()
from spell
where status <> 'operational' and (ended_at is null or ended_at > displayed_at);
alter table incidents.incident force row level security;
alter table incidents.incident_update force row level security;
alter table incidents.update_component force row level security;

do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array['vendor', 'vendor_component', 'status_interval', 'uptime_setting'] loop
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

grant update, delete on incidents.component_group to pharos_incidents;
grant select, insert, update, delete on incidents.vendor, incidents.vendor_component to pharos_incidents;
grant select, insert, update (ended_at, retracted_at) on incidents.status_interval to pharos_incidents;
grant select, insert, update on incidents.uptime_setting to pharos_incidents;
