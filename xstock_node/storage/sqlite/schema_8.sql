-- CRC-32 of the line, begun with its position; null where an older program wrote the record.
alter table record add column sum integer;
-- Those without one, which are few or none: they get theirs when the database is opened.
create index record_unsummed on record (pos) where sum is null;
