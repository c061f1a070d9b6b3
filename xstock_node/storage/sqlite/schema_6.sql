-- What plugins keep for themselves, each its own; `bytes` of a plugin is kept so that its quota costs no count.
create table plugin_value (
  plugin text not null,
  key text not null,
  value blob not null,
  primary key (plugin, key)
) strict, without rowid;
create table plugin_entry (
  plugin text not null,
  stream text not null,
  number integer not null,
  value blob not null,
  primary key (plugin, stream, number)
) strict, without rowid;
create table plugin_size (
  plugin text primary key,
  bytes integer not null
) strict, without rowid;
