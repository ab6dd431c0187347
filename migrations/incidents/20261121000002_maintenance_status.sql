-- A component can be under maintenance. Alone in this file, because a new value of an enum cannot be used in the
-- transaction that adds it.
alter type incidents.component_status add value 'under_maintenance' after 'operational';
