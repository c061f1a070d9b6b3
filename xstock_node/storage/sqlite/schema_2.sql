-- Networks: what is remembered of a peer is remembered a network; charters, statements of governors, forks, erasing.
create table peer_of (
  network text not null,
  name text not null,
  cursor text not null,
  acked integer not null,
  last_in integer not null,
  last_out integer not null,
  refusals integer not null,
  last_refusal text not null,
  primary key (network, name)
) strict, without rowid;

insert into peer_of
  select (select network from log order by ref limit 1), name, cursor, acked, last_in, last_out, refusals, last_refusal
  from peer where exists (select 1 from log);

drop table peer;

alter table peer_of rename to peer;

create table charter (
  network text not null,
  version integer not null,
  heard integer not null,
  raw blob not null,
  conflict blob not null,
  primary key (network, version)
) strict, without rowid;

create table statement (
  log integer not null references log (ref),
  idx integer not null,
  heard integer not null,
  line blob not null,
  primary key (log, idx)
) strict, without rowid;

create table erased (log integer not null references log (ref), idx integer not null, primary key (log, idx))
  strict, without rowid;

create table hole (log integer not null references log (ref), idx integer not null, primary key (log, idx))
  strict, without rowid;

create table fork (
  node text not null,
  log text not null,
  epoch integer not null,
  at integer not null,
  raw blob not null,
  primary key (node, log, epoch)
) strict, without rowid;

create table application (
  network text not null,
  name text not null,
  at integer not null,
  sponsor text not null,
  contact text not null,
  invited integer not null,
  identity blob not null,
  primary key (network, name)
) strict, without rowid;

create table invite (
  network text not null,
  hash text not null,
  made integer not null,
  exp integer not null,
  remark text not null,
  used text not null,
  primary key (network, hash)
) strict, without rowid;

alter table offer add column twin text;

create index offer_twin on offer (twin) where twin is not null;
