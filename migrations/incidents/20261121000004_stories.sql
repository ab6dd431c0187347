-- Incidents in full: drafts, corrections, declared impact, promises, reports after, and deletion.

alter table incidents.incident
    -- What people say it is; `impact` follows it, or else the components.
    add column impact_override incidents.impact,
    add column impact_started_at timestamptz,
    add column impact_ended_at timestamptz,
    add column backfilled boolean not null default false,
    -- The language of its texts; empty if it is the page's.
    add column language text not null default '',
    add column is_public boolean not null default true,
    -- The promise of the latest update, until it is resolved.
    add column next_update_at timestamptz,
    -- Grows with each change of the incident; the etag.
    add column revision bigint not null default 1,
    add constraint incident_impact_times check (impact_ended_at > impact_started_at),
    add constraint incident_language check (char_length(language) <= 30),
    add constraint incident_revision check (revision >= 1);

-- When components were hurt, where people say so; their history follows this instead of the updates.
create table incidents.component_impact (
    tenant_id uuid not null,
    incident_id uuid not null,
    component_id uuid not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    status incidents.component_status not null,
    constraint component_impact_pk primary key (tenant_id, incident_id, component_id, started_at),
    constraint component_impact_incident_fk foreign key (tenant_id, incident_id)
        references incidents.incident (tenant_id, incident_id),
    constraint component_impact_component_fk foreign key (tenant_id, component_id)
        references incidents.component (tenant_id, component_id),
    constraint component_impact_times check (ended_at > started_at)
);

-- When members took over the status of a component that the incident had left behind; it may speak of it again later.
alter table incidents.incident_component add column released_at timestamptz[] not null default '{}';

alter table incidents.incident_update
    add column next_update_at timestamptz,
    add column edited_at timestamptz;

-- What updates said until they were edited.
create table incidents.update_revision (
    tenant_id uuid not null,
    update_id uuid not null,
    revision smallint not null,
    body text not null,
    displayed_at timestamptz not null,
    replaced_at timestamptz not null,
    member_id uuid not null,
    constraint update_revision_pk primary key (tenant_id, update_id, revision),
    constraint update_revision_update_fk foreign key (tenant_id, update_id)
        references incidents.incident_update (tenant_id, update_id),
    constraint update_revision_range check (revision between 1 and 100),
    constraint update_revision_body check (char_length(body) between 1 and 25000)
);

-- Updates that are not published yet. They become updates by moving there, with their ids, so that what follows from
-- updates never has to ask which of them count.
create table incidents.update_draft (
    tenant_id uuid not null,
    update_id uuid not null,
    incident_id uuid not null,
    phase incidents.phase not null,
    body text not null,
    component_ids uuid[] not null,
    statuses incidents.component_status[] not null,
    displayed_at timestamptz,
    -- Absent: as the incident's rule says at the time.
    notify boolean,
    next_update_at timestamptz,
    publish_at timestamptz,
    created_at timestamptz not null,
    constraint update_draft_pk primary key (tenant_id, update_id),
    constraint update_draft_incident_fk foreign key (tenant_id, incident_id)
        references incidents.incident (tenant_id, incident_id),
    constraint update_draft_body check (char_length(body) between 1 and 25000),
    constraint update_draft_components check (cardinality(component_ids) = cardinality(statuses))
);
create index update_draft_oldest on incidents.update_draft (tenant_id, incident_id, update_id);

create table incidents.postmortem (
    tenant_id uuid not null,
    incident_id uuid not null,
    body text not null,
    written_at timestamptz not null,
    published_body text,
    published_at timestamptz,
    edited_at timestamptz,
    -- When subscribers were told of the published text; absent if they never were.
    notified_at timestamptz,
    constraint postmortem_pk primary key (tenant_id, incident_id),
    constraint postmortem_incident_fk foreign key (tenant_id, incident_id)
        references incidents.incident (tenant_id, incident_id),
    constraint postmortem_body check (char_length(body) between 1 and 100000),
    constraint postmortem_published_body check (char_length(published_body) between 1 and 100000),
    constraint postmortem_published check ((published_body is null) = (published_at is null)),
    constraint postmortem_notified check (notified_at is null or published_at is not null)
);

-- A page that only members have anything of stands at the version of one that nothing was ever put on.
alter table incidents.page_version
    drop constraint page_version_range,
    add constraint page_version_range check (version >= 0 and event_position >= 0);

do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array['component_impact', 'update_revision', 'update_draft', 'postmortem'] loop
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

-- An update's phase and what it says of components stay as they were told.
grant update (body, displayed_at, edited_at) on incidents.incident_update to pharos_incidents;
grant delete on
    incidents.incident, incidents.incident_update, incidents.update_component, incidents.incident_component
    to pharos_incidents;
grant select, insert, delete on incidents.component_impact, incidents.update_revision to pharos_incidents;
grant select, insert, update, delete on incidents.update_draft, incidents.postmortem to pharos_incidents;
