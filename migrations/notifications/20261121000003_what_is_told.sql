-- Room for the kinds that were added. What most kinds say keeps columns of its own, with their checks: headline, text,
-- language, time, components. What only one or two of them say stands in one document, so that a further kind needs no
-- further column. Rows that are there already say what they said: no language of their own and no such facts. A binary
-- from before reads and writes incident updates and confirmations as it did.

alter table notifications.broadcast
    add column maintenance_id uuid,
    -- of the headline and the text; empty if it is the page's
    add column language text not null default '',
    -- next_update_at, maintenance_phase, window (starts_at, ends_at), moved, same_phase
    add column facts jsonb not null default '{}',
    add constraint broadcast_language_length check (char_length(language) <= 35),
    drop constraint broadcast_body_length,
    -- a postmortem's; an update's are held to 25,000 where they are posted
    add constraint broadcast_body_length check (char_length(body) <= 100000),
    drop constraint broadcast_kind_fields,
    add constraint broadcast_kind_fields check (
        case kind
            when 'incident_update' then
                incident_id is not null and update_id is not null and title is not null and phase is not null
                and body is not null and displayed_at is not null and subscriber_id is null and maintenance_id is null
            when 'maintenance_update' then
                maintenance_id is not null and update_id is not null and title is not null and body is not null
                and displayed_at is not null and facts ? 'maintenance_phase' and facts ? 'window'
                and incident_id is null and subscriber_id is null
            when 'maintenance_approaching' then
                maintenance_id is not null and update_id is null and title is not null and body is not null
                and facts ? 'window' and incident_id is null and subscriber_id is null
            when 'postmortem' then
                incident_id is not null and update_id is null and title is not null and body is not null
                and displayed_at is not null and maintenance_id is null and subscriber_id is null
            when 'next_update_due' then
                incident_id is not null and update_id is null and title is not null and facts ? 'next_update_at'
                and maintenance_id is null and subscriber_id is null
            when 'confirmation' then
                subscriber_id is not null and incident_id is null and update_id is null and maintenance_id is null
        end);

-- A new update keeps a promise: what is left of the reminders to do so is found when it is told.
create index broadcast_reminder on notifications.broadcast (tenant_id, incident_id)
    where kind = 'next_update_due' and completed_at is null;

comment on column notifications.segment.incident_id is
    'the thread, whose broadcasts reach a reader in the order of their positions: the incident, the maintenance, or, '
    'of a report, its incident with all bits turned over';
comment on column notifications.segment.cursor_id is
    'the range and how far it has come, in ids of subscribers, or of members where a broadcast goes to responders';
comment on column notifications.delivery.subscriber_id is
    'who it was for: a subscriber, or a member where the broadcast goes to responders';
