-- What subscribers want to hear, and in which time zone; and more reasons not to mail an address. All that
-- a mail needs stands in the index that an audience is read from, so that what a lot of recipients costs depends on them
-- and not on the list; for that an address's suppression stands beside each of its subscribers too.

create type subscriptions.scope as enum ('page', 'components');

alter table subscriptions.subscriber
    -- What it hears of; none if it hears of the whole page.
    add column component_ids uuid[] not null default '{}',
    add column scope subscriptions.scope not null generated always as (
        case cardinality(component_ids)
            when 0 then 'page'::subscriptions.scope
            else 'components'::subscriptions.scope
        end) stored,
    -- An IANA name; empty for the page's.
    add column time_zone text not null default '',
    -- What `suppression` has on the address.
    add column suppressed boolean not null default false,
    add constraint subscriber_component_ids check (cardinality(component_ids) <= 100),
    add constraint subscriber_time_zone_length check (char_length(time_zone) <= 64),
    -- The address before the page: it is suppressed on all pages of the tenant.
    drop constraint subscriber_email_key,
    add constraint subscriber_email_key unique (tenant_id, email, page_id);

-- Those who are confirmed, once for each component that they chose. They come here by confirming and go by leaving, so
-- that a component's subscribers are counted and read from here alone.
create table subscriptions.subscriber_component (
    tenant_id uuid not null,
    component_id uuid not null,
    subscriber_id uuid not null,
    constraint subscriber_component_pk primary key (tenant_id, component_id, subscriber_id)
);

-- When mails came back because of a full mailbox, until they count no more.
create table subscriptions.full_mailbox (
    tenant_id uuid not null,
    subscriber_id uuid not null,
    broadcast_id uuid not null,
    reported_at timestamptz not null,
    constraint full_mailbox_pk primary key (tenant_id, subscriber_id, broadcast_id)
);
comment on table subscriptions.full_mailbox is
    'work table: broadcasts of which a mail came back because of a full mailbox, while they count';
create index full_mailbox_oldest on subscriptions.full_mailbox (reported_at);

alter type subscriptions.suppression_reason add value 'complained';
alter type subscriptions.suppression_reason add value 'mailbox_full';

-- As the owner, over all tenants.
alter table subscriptions.subscriber no force row level security;
alter table subscriptions.suppression no force row level security;
update subscriptions.subscriber s
set suppressed = true
from subscriptions.suppression x
where x.tenant_id = s.tenant_id and x.email = s.email;
alter table subscriptions.subscriber force row level security;
alter table subscriptions.suppression force row level security;

-- The two parts of a page's audience, each in the order in which it is cut and read. The columns of words are in the
-- condition of the index and not in its key: comparing an enum is not leakproof, so that row-level security would keep
-- the planner from searching by it.
drop index subscriptions.subscriber_audience;
create index subscriber_page_part on subscriptions.subscriber (tenant_id, page_id, subscriber_id)
    include (email, locale, time_zone, suppressed)
    where state = 'confirmed' and scope = 'page';
create index subscriber_components_part on subscriptions.subscriber (tenant_id, page_id, subscriber_id)
    include (email, locale, time_zone, suppressed)
    where state = 'confirmed' and scope = 'components';

alter table subscriptions.subscriber_component enable row level security;
alter table subscriptions.subscriber_component force row level security;
create policy tenant_isolation on subscriptions.subscriber_component
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

grant select, insert, delete on subscriptions.subscriber_component to pharos_subscriptions;
-- To update, because the worker that forgets locks what it deletes.
grant select, insert, update, delete on subscriptions.full_mailbox to pharos_subscriptions;
