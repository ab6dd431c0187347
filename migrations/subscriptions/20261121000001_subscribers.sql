-- Who wants to hear. A subscriber is an address on one page; that an address must not be mailed at all is a fact
-- of the address and holds for every page of the tenant, so it stands apart and outlives the subscriber's states.

grant usage on schema subscriptions to pharos_subscriptions;

create type subscriptions.subscriber_state as enum ('pending', 'confirmed', 'unsubscribed');

create table subscriptions.subscriber (
    tenant_id uuid not null,
    subscriber_id uuid not null,
    page_id uuid not null,
    email text not null,
    locale text not null,
    state subscriptions.subscriber_state not null,
    -- Raised by each unsubscribing: a link to confirm from before it is worth nothing after it.
    confirmation_round integer not null,
    -- When the last confirmation mail was asked for, in this round or an earlier one; null if never.
    confirmation_sent_at timestamptz,
    created_at timestamptz not null,
    confirmed_at timestamptz,
    unsubscribed_at timestamptz,
    constraint subscriber_pk primary key (tenant_id, subscriber_id),
    constraint subscriber_email_key unique (tenant_id, page_id, email),
    constraint subscriber_email_length check (char_length(email) between 3 and 254),
    -- The longest BCP 47 tag that need be stored (RFC 5646, section 4.4.1).
    constraint subscriber_locale_length check (char_length(locale) <= 35),
    constraint subscriber_confirmation_round check (confirmation_round >= 1)
);

-- A page's audience in the order in which it is cut and read.
create index subscriber_audience on subscriptions.subscriber (tenant_id, page_id, subscriber_id)
    where state = 'confirmed';
-- The same of all states, for the list that members see.
create index subscriber_page on subscriptions.subscriber (tenant_id, page_id, subscriber_id);
-- The newcomers of a page in the last hour, counted by each request.
create index subscriber_newcomer on subscriptions.subscriber (tenant_id, page_id, created_at)
    where state = 'pending';

alter table subscriptions.subscriber enable row level security;
alter table subscriptions.subscriber force row level security;
create policy tenant_isolation on subscriptions.subscriber
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

grant select, insert, update, delete on subscriptions.subscriber to pharos_subscriptions;

create type subscriptions.suppression_reason as enum ('bounced');

create table subscriptions.suppression (
    tenant_id uuid not null,
    email text not null,
    reason subscriptions.suppression_reason not null,
    -- What the mail server said.
    reply text not null,
    created_at timestamptz not null,
    constraint suppression_pk primary key (tenant_id, email),
    constraint suppression_email_length check (char_length(email) between 3 and 254),
    constraint suppression_reply_length check (char_length(reply) <= 500)
);

alter table subscriptions.suppression enable row level security;
alter table subscriptions.suppression force row level security;
create policy tenant_isolation on subscriptions.suppression
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

grant select, insert on subscriptions.suppression to pharos_subscriptions;

create table subscriptions.address_quota (
    -- A keyed hash of the address: whoever reads the table learns of no address from it.
    address_mac bytea not null,
    confirmations_at timestamptz[] not null,
    -- When a request last looked at the row; a day later it says nothing any more and is deleted.
    asked_at timestamptz not null,
    constraint address_quota_pk primary key (address_mac),
    constraint address_quota_address_mac_length check (octet_length(address_mac) = 32)
);
comment on table subscriptions.address_quota is
    'registry: how many confirmation mails an address was sent in the last 24 hours, over all tenants';

create index address_quota_asked on subscriptions.address_quota (asked_at);

grant select, insert, update, delete on subscriptions.address_quota to pharos_subscriptions;

create table subscriptions.pending (
    tenant_id uuid not null,
    subscriber_id uuid not null,
    -- When the last link that the subscriber was sent is worth nothing any more. While a worker looks at it:
    -- when another one may.
    forget_at timestamptz not null,
    constraint pending_pk primary key (tenant_id, subscriber_id)
);
comment on table subscriptions.pending is
    'work table: subscribers who were sent a link to confirm, until it is worth nothing any more';

create index pending_forget on subscriptions.pending (forget_at);

grant select, insert, update, delete on subscriptions.pending to pharos_subscriptions;

create table subscriptions.outbox (
    event_id uuid not null,
    tenant_id uuid not null,
    page_id uuid not null,
    subscriber_id uuid not null,
    -- Whether a mail follows. A request that leads to none writes its row nevertheless, and for nobody, so
    -- that it takes as long as one that does.
    due boolean not null,
    created_at timestamptz not null,
    -- Nobody else may take the event before this time: a relay works on it, or the last try failed.
    leased_until timestamptz not null,
    -- Raised by each lease: a relay that lost its lease settles nothing.
    epoch bigint not null default 0,
    attempts integer not null default 0,
    constraint outbox_pk primary key (event_id)
);
comment on table subscriptions.outbox is
    'work table: subscribers who wait for the link to confirm, until notifications has taken the event';

create index outbox_due on subscriptions.outbox (leased_until, event_id) where due;
create index outbox_not_due on subscriptions.outbox (event_id) where not due;

grant select, insert, update, delete on subscriptions.outbox to pharos_subscriptions;

do $$
begin
    if to_regclass('subscriptions._sqlx_migrations') is not null then
        grant select on subscriptions._sqlx_migrations to pharos_subscriptions;
    end if;
end
$$;
