-- What has to happen at a time, events of more kinds, the audit log, and templates.

create type incidents.due_kind as enum (
    'publish_update', 'remind_responders', 'pass_promise', 'start_maintenance', 'end_maintenance',
    'remind_subscribers', 'read_vendor');

create table incidents.due (
    due_id uuid not null,
    tenant_id uuid not null,
    kind incidents.due_kind not null,
    -- The update, maintenance or vendor that it is about.
    subject_id uuid not null,
    due_at timestamptz not null,
    -- Nobody else takes it before this; long past when nobody has it.
    leased_until timestamptz not null default '-infinity',
    -- Grows with each lease, so that one that ran out cannot end another's.
    lease_epoch bigint not null default 0,
    -- Failed tries.
    attempts integer not null default 0,
    constraint due_pk primary key (due_id),
    constraint due_subject_key unique (tenant_id, subject_id, kind, due_at),
    constraint due_range check (lease_epoch >= 0 and attempts >= 0)
);
create index due_next on incidents.due (due_at, due_id);
comment on table incidents.due is
    'work table: what has to happen at a time, once; ids and times only';
grant select, insert, update, delete on incidents.due to pharos_incidents;

create type incidents.event_kind as enum (
    'incident_updated', 'maintenance_updated', 'maintenance_approaching', 'postmortem_published', 'next_update_due');
alter table incidents.outbox
    add column kind incidents.event_kind not null default 'incident_updated',
    add column maintenance_id uuid,
    -- When the event was due, of those that the clock makes.
    add column due_at timestamptz,
    alter column incident_id drop not null,
    alter column update_id drop not null,
    add constraint outbox_kind_fields check (
        case kind
            when 'incident_updated' then incident_id is not null and update_id is not null
            when 'maintenance_updated' then maintenance_id is not null and update_id is not null
            when 'maintenance_approaching' then maintenance_id is not null and due_at is not null
            when 'postmortem_published' then incident_id is not null
            when 'next_update_due' then incident_id is not null and update_id is not null
        end);

create type incidents.audit_action as enum (
    'created', 'updated', 'deleted', 'told', 'published', 'retracted');
create type incidents.audit_subject as enum (
    'component', 'component_group', 'incident', 'maintenance', 'template', 'vendor', 'page');

-- Who changed what, written with the change itself and never rewritten. It outlives what it speaks of: nothing here
-- points at another table.
create table incidents.audit_entry (
    tenant_id uuid not null,
    audit_entry_id uuid not null,
    page_id uuid not null,
    -- Absent if the clock did it.
    member_id uuid,
    action incidents.audit_action not null,
    subject incidents.audit_subject not null,
    subject_id uuid not null,
    subject_name text not null,
    detail text not null,
    created_at timestamptz not null,
    constraint audit_entry_pk primary key (tenant_id, audit_entry_id),
    constraint audit_entry_subject_name check (char_length(subject_name) <= 200),
    constraint audit_entry_detail check (char_length(detail) <= 500)
);
create index audit_entry_newest on incidents.audit_entry (tenant_id, page_id, audit_entry_id desc);

create type incidents.template_kind as enum ('incident', 'maintenance');
create table incidents.template (
    tenant_id uuid not null,
    template_id uuid not null,
    page_id uuid not null,
    name text not null,
    kind incidents.template_kind not null,
    title text not null,
    body text not null,
    phase incidents.phase,
    component_ids uuid[] not null,
    statuses incidents.component_status[] not null,
    revision bigint not null default 1,
    created_at timestamptz not null,
    constraint template_pk primary key (tenant_id, template_id),
    constraint template_of_page unique (tenant_id, page_id, template_id),
    constraint template_name check (char_length(name) between 1 and 100),
    constraint template_title check (char_length(title) <= 200),
    constraint template_body check (char_length(body) <= 25000),
    constraint template_phase check (kind = 'incident' or phase is null),
    constraint template_components check (cardinality(component_ids) = cardinality(statuses)),
    constraint template_revision check (revision >= 1)
);

do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array['audit_entry', 'template'] loop
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
grant select, insert on incidents.audit_entry to pharos_incidents;
grant select, insert, update, delete on incidents.template to pharos_incidents;
