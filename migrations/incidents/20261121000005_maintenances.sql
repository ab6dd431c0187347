-- Planned work: announced, run, and over.
create type incidents.maintenance_phase as enum (
    'scheduled', 'in_progress', 'verifying', 'completed', 'cancelled');

create table incidents.maintenance (
    tenant_id uuid not null,
    maintenance_id uuid not null,
    page_id uuid not null,
    title text not null,
    phase incidents.maintenance_phase not null,
    scheduled_start_at timestamptz not null,
    scheduled_end_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz,
    starts_by_hand boolean not null,
    ends_by_hand boolean not null,
    reminder_lead_minutes integer[] not null,
    silent_at_start boolean not null,
    silent_at_end boolean not null,
    -- The language of its texts; empty if it is the page's.
    language text not null,
    -- Grows with each change of the maintenance; the etag.
    revision bigint not null default 1,
    created_at timestamptz not null,
    constraint maintenance_pk primary key (tenant_id, maintenance_id),
    constraint maintenance_title check (char_length(title) between 1 and 200),
    constraint maintenance_language check (char_length(language) <= 30),
    constraint maintenance_planned check (scheduled_end_at > scheduled_start_at),
    constraint maintenance_over check ((phase in ('completed', 'cancelled')) = (ended_at is not null)),
    constraint maintenance_times check (ended_at >= started_at),
    constraint maintenance_reminders check (cardinality(reminder_lead_minutes) <= 10),
    constraint maintenance_revision check (revision >= 1)
);
create index maintenance_latest
    on incidents.maintenance (tenant_id, page_id, scheduled_start_at desc, maintenance_id desc);
-- The front of a page shows what is to come and what was over lately: neither look-up may grow with the past.
create index maintenance_open on incidents.maintenance (tenant_id, page_id, scheduled_start_at)
    where ended_at is null;
create index maintenance_ended on incidents.maintenance (tenant_id, page_id, ended_at)
    where ended_at is not null;

create table incidents.maintenance_component (
    tenant_id uuid not null,
    maintenance_id uuid not null,
    component_id uuid not null,
    constraint maintenance_component_pk primary key (tenant_id, maintenance_id, component_id),
    constraint maintenance_component_maintenance_fk foreign key (tenant_id, maintenance_id)
        references incidents.maintenance (tenant_id, maintenance_id),
    constraint maintenance_component_component_fk foreign key (tenant_id, component_id)
        references incidents.component (tenant_id, component_id)
);

create table incidents.maintenance_update (
    tenant_id uuid not null,
    update_id uuid not null,
    maintenance_id uuid not null,
    phase incidents.maintenance_phase not null,
    body text not null,
    silent boolean not null,
    -- The clock moved the maintenance on.
    automatic boolean not null,
    -- The planned times that it moved the maintenance to.
    scheduled_start_at timestamptz,
    scheduled_end_at timestamptz,
    displayed_at timestamptz not null,
    created_at timestamptz not null,
    constraint maintenance_update_pk primary key (tenant_id, update_id),
    constraint maintenance_update_maintenance_fk foreign key (tenant_id, maintenance_id)
        references incidents.maintenance (tenant_id, maintenance_id),
    constraint maintenance_update_body check (char_length(body) <= 25000)
);
create index maintenance_update_newest
    on incidents.maintenance_update (tenant_id, maintenance_id, displayed_at desc, update_id desc);

do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array['maintenance', 'maintenance_component', 'maintenance_update'] loop
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

grant select, insert, update, delete on incidents.maintenance to pharos_incidents;
grant select, insert, delete on incidents.maintenance_component, incidents.maintenance_update to pharos_incidents;
