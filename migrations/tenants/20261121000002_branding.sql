-- Pages look like their companies': a colour, links, and a logo, which is kept apart from what is read for every page.

create type tenants.logo_type as enum ('png', 'jpeg', 'webp');

-- Not used below: a new value of an enum cannot be used in the transaction that adds it.
alter type tenants.audit_action add value 'page_updated';
alter type tenants.audit_action add value 'page_logo_set';
alter type tenants.audit_action add value 'page_logo_deleted';

alter table tenants.page
    add column accent_color text not null default '',
    add column website_url text not null default '',
    add column support_url text not null default '',
    add column revision bigint not null default 1,
    add constraint page_accent_color_length check (char_length(accent_color) in (0, 7)),
    add constraint page_website_url_length check (char_length(website_url) <= 2048),
    add constraint page_support_url_length check (char_length(support_url) <= 2048);

create table tenants.page_logo (
    tenant_id uuid not null,
    page_id uuid not null,
    digest bytea not null,
    type tenants.logo_type not null,
    image bytea not null,
    alt text not null,
    width integer not null,
    height integer not null,
    created_at timestamptz not null default now(),
    constraint page_logo_pk primary key (tenant_id, page_id),
    constraint page_logo_page foreign key (tenant_id, page_id) references tenants.page (tenant_id, page_id),
    constraint page_logo_digest_length check (octet_length(digest) = 32),
    constraint page_logo_image_length check (octet_length(image) >= 1 and octet_length(image) <= 131072),
    constraint page_logo_alt_length check (char_length(alt) <= 200),
    constraint page_logo_width_range check (width >= 1 and width <= 2000),
    constraint page_logo_height_range check (height >= 1 and height <= 2000)
);

alter table tenants.page_logo enable row level security;
alter table tenants.page_logo force row level security;
create policy tenant_isolation on tenants.page_logo
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);

grant update (name, time_zone, accent_color, website_url, support_url, revision) on tenants.page to pharos_tenants;
grant select, insert, update, delete on tenants.page_logo to pharos_tenants;
