-- Mails of a tenant from a domain of its own. The private halves of its keys are sealed: who reads the table cannot sign
-- as the domain.

create table notifications.sending_domain (
    tenant_id        uuid        not null,
    domain           text        not null,
    from_local_part  text        not null,
    -- empty if nowhere
    reply_to         text        not null,
    rsa_selector     text        not null,
    -- what is published of the key
    rsa_record       text        not null,
    -- AES-256-GCM: the nonce, then the PKCS #8 document and its tag
    rsa_key          bytea       not null,
    ed25519_selector text        not null,
    ed25519_record   text        not null,
    ed25519_key      bytea       not null,
    -- whether the records were there when they were last looked up
    rsa_found        boolean     not null default false,
    ed25519_found    boolean     not null default false,
    ownership_found  boolean     not null default false,
    verified_at      timestamptz,
    checked_at       timestamptz,
    -- since when, and how often in a row, a record was wrong or gone
    failing_since    timestamptz,
    failing_checks   integer     not null default 0,
    created_at       timestamptz not null,
    -- one more with each change of what is sent by it
    revision         bigint      not null,
    constraint sending_domain_pk primary key (tenant_id),
    constraint sending_domain_domain_length check (char_length(domain) between 4 and 253),
    constraint sending_domain_from_local_part_length check (char_length(from_local_part) between 1 and 64),
    constraint sending_domain_reply_to_length check (char_length(reply_to) <= 254),
    constraint sending_domain_rsa_selector_length check (char_length(rsa_selector) between 1 and 63),
    constraint sending_domain_rsa_record_length check (char_length(rsa_record) <= 1000),
    constraint sending_domain_rsa_key_length check (octet_length(rsa_key) <= 4000),
    constraint sending_domain_ed25519_selector_length check (char_length(ed25519_selector) between 1 and 63),
    constraint sending_domain_ed25519_record_length check (char_length(ed25519_record) <= 1000),
    constraint sending_domain_ed25519_key_length check (octet_length(ed25519_key) <= 1000)
);
alter table notifications.sending_domain enable row level security;
alter table notifications.sending_domain force row level security;
create policy tenant_isolation on notifications.sending_domain
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
grant select, insert, update, delete on notifications.sending_domain to pharos_notifications;

-- A domain is one tenant's at a time: whoever showed first that it is theirs.
create table notifications.verified_domain (
    domain      text        not null,
    tenant_id   uuid        not null,
    verified_at timestamptz not null,
    constraint verified_domain_pk primary key (domain),
    constraint verified_domain_domain_length check (char_length(domain) <= 253)
);
comment on table notifications.verified_domain is 'registry: whose a domain is';
grant select, insert, update, delete on notifications.verified_domain to pharos_notifications;

create table notifications.sending_domain_check (
    tenant_id    uuid        not null,
    check_at     timestamptz not null,
    leased_until timestamptz not null default '-infinity',
    lease_epoch  bigint      not null default 0,
    constraint sending_domain_check_pk primary key (tenant_id)
);
comment on table notifications.sending_domain_check is
    'work table: when the records of a verified domain are looked up again';
create index sending_domain_check_due on notifications.sending_domain_check (check_at);
grant select, insert, update, delete on notifications.sending_domain_check to pharos_notifications;
