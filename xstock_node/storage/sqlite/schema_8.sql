-- CRC-32 of the line, begun with its position; null where the record was written before there were sums.
alter table record add column sum integer;
