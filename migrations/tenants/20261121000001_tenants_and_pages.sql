-- Companies, the members who act for them, the sessions they are signed in with, and the pages they publish.
-- Everything of a tenant is behind row-level security; what must be unique or be found across tenants, sign-in
-- addresses and slugs, stands in two registries that hold no more than that.

create type tenants.role as enum ('viewer', 'responder', 'admin', 'owner');

create type tenants.audit_action as enum (
    'signed_up', 'signed_in', 'signed_out', 'session_revoked', 'page_created');

create table tenants.tenant (
    tenant_id uuid not null,
    name text not null,
    created_at timestamptz not null default now(),
    constraint tenant_pk primary key (tenant_id),
    constraint tenant_name_length check (char_length(name) >= 1 and char_length(name) <= 100)
);

create table tenants.member (
    tenant_id uuid not null,
    member_id uuid not null,
    email text not null,
    role tenants.role not null,
    password_hash text not null,
    created_at timestamptz not null default now(),
    constraint member_pk primary key (tenant_id, member_id),
    constraint member_tenant foreign key (tenant_id) references tenants.tenant (tenant_id),
    constraint member_email_key unique (tenant_id, email),
    constraint member_email_length check (char_length(email) >= 3 and char_length(email) <= 254),
    constraint member_email_lower_case check (email = lower(email)),
    constraint member_password_hash_length check (char_length(password_hash) <= 200)
);

create table tenants.session (
    tenant_id uuid not null,
    session_id uuid not null,
    member_id uuid not null,
    token_hash bytea not null,
    refresh_expires_at timestamptz not null,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    constraint session_pk primary key (tenant_id, session_id),
    constraint session_member foreign key (tenant_id, member_id) references tenants.member (tenant_id, member_id),
    constraint session_token_hash_length check (octet_length(token_hash) = 32)
);

-- Signing in clears away the member's sessions that ran out.
create index session_by_member on tenants.session (tenant_id, member_id);

-- The refresh tokens that were swapped in the last seconds: they still have the same successor. All others of a
-- session are known by their own seal.
create table tenants.used_token (
    tenant_id uuid not null,
    session_id uuid not null,
    token_hash bytea not null,
    used_at timestamptz not null,
    constraint used_token_pk primary key (tenant_id, session_id, token_hash),
    constraint used_token_session foreign key (tenant_id, session_id)
        references tenants.session (tenant_id, session_id) on delete cascade,
    constraint used_token_token_hash_length check (octet_length(token_hash) = 32)
);

create table tenants.page (
    tenant_id uuid not null,
    page_id uuid not null,
    slug text not null,
    name text not null,
    locale text not null,
    time_zone text not null,
    created_at timestamptz not null default now(),
    constraint page_pk primary key (tenant_id, page_id),
    constraint page_tenant foreign key (tenant_id) references tenants.tenant (tenant_id),
    constraint page_slug_key unique (tenant_id, slug),
    constraint page_slug_length check (char_length(slug) >= 3 and char_length(slug) <= 63),
    constraint page_name_length check (char_length(name) >= 1 and char_length(name) <= 64),
    constraint page_locale_length check (char_length(locale) >= 2 and char_length(locale) <= 35),
    constraint page_time_zone_length check (char_length(time_zone) >= 1 and char_length(time_zone) <= 64)
);

-- No foreign key to the member: what a member did stays on record when they are gone.
create table tenants.audit (
    tenant_id uuid not null,
    audit_id uuid not null,
    member_id uuid not null,
    action tenants.audit_action not null,
    target_id uuid not null,
    created_at timestamptz not null default now(),
    constraint audit_pk primary key (tenant_id, audit_id),
    constraint audit_tenant foreign key (tenant_id) references tenants.tenant (tenant_id)
);

create table tenants.request (
    tenant_id uuid not null,
    member_id uuid not null,
    method text not null,
    request_id text not null,
    request_hash bytea not null,
    reply bytea,
    created_at timestamptz not null default now(),
    constraint request_pk primary key (tenant_id, member_id, method, request_id),
    constraint request_method_length check (char_length(method) <= 64),
    constraint request_request_id_length check (char_length(request_id) <= 64),
    constraint request_request_hash_length check (octet_length(request_hash) = 32)
);

create index request_by_age on tenants.request (tenant_id, created_at);

create table tenants.sign_in (
    email text not null,
    tenant_id uuid not null,
    member_id uuid not null,
    constraint sign_in_pk primary key (email),
    constraint sign_in_email_length check (char_length(email) >= 3 and char_length(email) <= 254),
    constraint sign_in_email_lower_case check (email = lower(email))
);
comment on table tenants.sign_in is 'registry: whose an address is, before anybody is signed in';

create table tenants.page_entry (
    page_id uuid not null,
    slug text not null,
    tenant_id uuid not null,
    constraint page_entry_pk primary key (page_id),
    constraint page_entry_slug_key unique (slug),
    constraint page_entry_slug_length check (char_length(slug) >= 3 and char_length(slug) <= 63)
);
comment on table tenants.page_entry is 'registry: whose a page is, by its id and by its slug';

alter table tenants.tenant enable row level security;
alter table tenants.tenant force row level security;
create policy tenant_isolation on tenants.tenant
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

alter table tenants.member enable row level security;
alter table tenants.member force row level security;
create policy tenant_isolation on tenants.member
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

alter table tenants.session enable row level security;
alter table tenants.session force row level security;
create policy tenant_isolation on tenants.session
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

alter table tenants.used_token enable row level security;
alter table tenants.used_token force row level security;
create policy tenant_isolation on tenants.used_token
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

alter table tenants.page enable row level security;
alter table tenants.page force row level security;
create policy tenant_isolation on tenants.page
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

alter table tenants.audit enable row level security;
alter table tenants.audit force row level security;
create policy tenant_isolation on tenants.audit
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

alter table tenants.request enable row level security;
alter table tenants.request force row level security;
create policy tenant_isolation on tenants.request
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

grant usage on schema tenants to pharos_tenants;
-- The update is what `for no key update` asks for: pages are counted under a lock of the tenant's row.
grant select, insert, update (name) on tenants.tenant to pharos_tenants;
grant select, insert on tenants.member to pharos_tenants;
grant select, insert, update, delete on tenants.session to pharos_tenants;
grant select, insert, delete on tenants.used_token to pharos_tenants;
grant select, insert on tenants.page to pharos_tenants;
-- Append-only: nobody rewrites what was done.
grant select, insert on tenants.audit to pharos_tenants;
grant select, insert, update, delete on tenants.request to pharos_tenants;
grant select, insert on tenants.sign_in to pharos_tenants;
grant select, insert on tenants.page_entry to pharos_tenants;

do $$ begin
    if to_regclass('tenants._sqlx_migrations') is not null then
        grant select on tenants._sqlx_migrations to pharos_tenants;
    end if;
end $$;

-- When a tenant's kept replies have to go: a row for each hour that has any, whether or not the tenant ever comes back.
create table tenants.request_expiry (
    tenant_id uuid not null,
    expires_at timestamptz not null,
    constraint request_expiry_pk primary key (tenant_id, expires_at)
);
create index request_expiry_next on tenants.request_expiry (expires_at);
comment on table tenants.request_expiry is 'work table: when kept replies are to be deleted; ids and times only';
grant select, insert, delete on tenants.request_expiry to pharos_tenants;
