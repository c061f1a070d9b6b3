-- A record's position is log reference * 2^40 + index, so that a log is one range of one integer key.
create table meta (key text primary key, value text not null) strict, without rowid;

create table log (
  ref integer primary key,
  node text not null,
  log text not null,
  network text not null,
  audience text not null default '',
  exercise integer not null,
  epoch integer not null,
  size integer not null,
  frontier blob not null,
  minimum integer not null,
  head blob not null,
  head_size integer not null,
  head_time integer not null,
  target blob not null,
  heard integer not null,
  first_size integer not null,
  first_time integer not null,
  defects integer not null,
  frozen text not null,
  unique (node, log)
) strict;

create table record (pos integer primary key, line blob not null) strict;

create table segment (pos integer primary key, root blob not null) strict;

create table aside (
  log integer not null references log (ref),
  epoch integer not null,
  start integer not null,
  size integer not null,
  head blob not null,
  primary key (log, epoch)
) strict, without rowid;

create table aside_record (
  log integer not null,
  epoch integer not null,
  idx integer not null,
  line blob not null,
  primary key (log, epoch, idx)
) strict, without rowid;

create table offer (
  ref integer primary key,
  log integer not null references log (ref),
  pos integer not null,
  id text not null,
  item text not null,
  amount real not null,
  ready integer not null,
  lat integer,
  lon integer,
  src text not null,
  asof integer not null,
  exp integer not null,
  key text not null
) strict;

create unique index offer_id on offer (log, id);

create virtual table offer_fts using fts5 (
  key, content = 'offer', content_rowid = 'ref', detail = none, columnsize = 0, tokenize = 'ascii'
);

create table note (position integer primary key autoincrement, subject text not null unique, raw blob not null) strict;

create table source (
  name text primary key,
  reader text not null,
  as_of text not null,
  read_at integer not null,
  lines integer not null,
  rejected integer not null
) strict, without rowid;

create table stock (
  source text not null references source (name),
  ref text not null,
  line blob not null,
  primary key (source, ref)
) strict, without rowid;

create table mapping (
  source text not null,
  local text not null,
  unit text not null,
  body blob not null,
  primary key (source, local, unit)
) strict, without rowid;

create table minimum (
  location text not null,
  item text not null,
  quantity text not null,
  primary key (location, item)
) strict, without rowid;

create table released (item text primary key, quantity text not null) strict, without rowid;

create table catalogue (code text primary key, body blob not null) strict, without rowid;

create table peer (
  name text primary key,
  cursor text not null,
  acked integer not null,
  last_in integer not null,
  last_out integer not null,
  refusals integer not null,
  last_refusal text not null
) strict, without rowid;

create table act (
  n integer primary key autoincrement,
  at integer not null,
  actor text not null,
  verb text not null,
  subject text not null,
  detail text not null
) strict;
