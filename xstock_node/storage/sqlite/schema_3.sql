-- Cases: messages of both sides, receipts, side lines, attachments, what waits to be sent; sealed mail; witnesses.
create table case_of (
  id text primary key,
  network text not null,
  requester text not null,
  supplier text not null,
  opened integer not null
) strict, without rowid;

create table message (
  id text not null references case_of (id),
  writer text not null,
  start integer not null,
  n integer not null,
  hash text not null,
  at integer not null,
  void integer not null,
  raw blob not null,
  receipt blob not null,
  primary key (id, writer, start, n)
) strict, without rowid;

create table start_of (network text not null, name text not null, start integer not null, primary key (network, name))
  strict, without rowid;

create table message_fork (id text not null, writer text not null, hash text not null, at integer not null,
  raw blob not null, primary key (id, writer, hash)) strict, without rowid;

create table side (
  hash text not null,
  id text not null,
  line blob not null,
  primary key (id, hash)
) strict, without rowid;

create table blob (
  hash text not null,
  id text not null,
  data blob not null,
  primary key (id, hash)
) strict, without rowid;

create table outbox (
  seq integer primary key autoincrement,
  id text not null,
  recipient text not null,
  start integer not null,
  n integer not null,
  due integer not null,
  tries integer not null,
  relayed integer not null,
  trouble text not null,
  unique (id, start, n)
) strict;

create table relay (
  recipient text not null,
  hash text not null,
  sender text not null,
  at integer not null,
  size integer not null,
  data blob not null,
  primary key (recipient, hash)
) strict, without rowid;

create table witnessed (node text not null, log text not null, at integer not null, head blob not null,
  primary key (node, log)) strict, without rowid;

create table cosignature (
  node text not null,
  log text not null,
  epoch integer not null,
  size integer not null,
  witness text not null,
  at integer not null,
  line text not null,
  primary key (node, log, epoch, size, witness)
) strict, without rowid;
