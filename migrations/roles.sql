-- The services' login roles. Roles belong to the whole server, not to a database, so they are no migration:
-- several databases on one server (the tests have many) make them at the same time, and whoever comes second
-- finds them made.
-- A role owns nothing and cannot bypass row-level security; each schema's migrations grant what it may do.
do $$
declare
    service text;
begin
    foreach service in array array['tenants', 'incidents', 'subscriptions', 'notifications'] loop
        begin
            execute format(
                'create role %I login nosuperuser nobypassrls nocreatedb nocreaterole noinherit',
                'pharos_' || service);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end
$$;
