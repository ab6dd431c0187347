-- Maintenances, postmortems and promises of a next update are told too. Alone in this file, because a new value of an
-- enum cannot be used in the transaction that adds it.
alter type notifications.broadcast_kind add value 'maintenance_update';
alter type notifications.broadcast_kind add value 'maintenance_approaching';
alter type notifications.broadcast_kind add value 'postmortem';
alter type notifications.broadcast_kind add value 'next_update_due';
