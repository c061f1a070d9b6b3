-- A record's position is log reference * 2^40 + index, so that a log is one range of one key. Texts are ordered by
-- their bytes, whatever the database's own order is.
create table meta (key text collate "C" primary key, value text not null);

-- Who leads. Each write of a leader reads its term under a lock that the next leader waits for.
create table leader (one boolean primary key check (one), term bigint not null, holder text not null, since bigint not null);

insert into leader values (true, 0, '', 0);

create table log (
  ref integer primary key check (ref < 8388608),
  node text collate "C" not null,
  log text collate "C" not null,
  network text collate "C" not null,
  exercise boolean not null,
  epoch bigint not null,
  size bigint not null,
  frontier bytea not null,
  minimum bigint not null,
  head bytea not null,
  head_size bigint not null,
  head_time bigint not null,
  target bytea not null,
  heard bigint not null,
  first_size bigint not null,
  first_time bigint not null,
  defects bigint not null,
  frozen text not null,
  audience text not null,
  unique (node, log)
);

create table record (pos bigint primary key, line bytea not null);

create table segment (pos bigint primary key, root bytea not null);

create table aside (
  log integer not null references log (ref),
  epoch bigint not null,
  start bigint not null,
  size bigint not null,
  head bytea not null,
  primary key (log, epoch)
);

create table aside_record (
  log integer not null,
  epoch bigint not null,
  idx bigint not null,
  line bytea not null,
  primary key (log, epoch, idx)
);

create table epoch (log integer not null, epoch bigint not null, start bigint not null, primary key (log, epoch));

create table erased (log integer not null references log (ref), idx bigint not null, primary key (log, idx));

create table hole (log integer not null references log (ref), idx bigint not null, primary key (log, idx));

create table offer (
  ref bigint primary key,
  log integer not null references log (ref),
  pos bigint not null,
  id text collate "C" not null,
  item text collate "C" not null,
  amount double precision not null,
  ready integer not null,
  lat bigint,
  lon bigint,
  src text collate "C" not null,
  asof bigint not null,
  exp bigint not null,
  twin text collate "C"
);

create unique index offer_id on offer (log, id);

create index offer_live on offer (log, exp);

create index offer_amount on offer (amount, ref);

create index offer_twin on offer (twin) where twin is not null;

-- The words of an offer, each behind the number of its block of 65,536 offers: see offers.py.
create table offer_word (ref bigint primary key, words tsvector not null);

create index offer_word_words on offer_word using gin (words) with (gin_pending_list_limit = 1024);

create table note (
  position bigint generated always as identity primary key,
  subject text collate "C" not null unique,
  raw bytea not null
);

create table source (
  name text collate "C" primary key,
  reader text not null,
  as_of text not null,
  read_at bigint not null,
  lines bigint not null,
  rejected bigint not null
);

create table stock (
  source text collate "C" not null references source (name),
  ref text collate "C" not null,
  line bytea not null,
  primary key (source, ref)
);

create table mapping (
  source text collate "C" not null,
  local text collate "C" not null,
  unit text collate "C" not null,
  body bytea not null,
  primary key (source, local, unit)
);

create table minimum (
  location text collate "C" not null,
  item text collate "C" not null,
  quantity text not null,
  primary key (location, item)
);

create table released (item text collate "C" primary key, quantity text not null);

create table catalogue (code text collate "C" primary key, body bytea not null);

create table peer (
  network text collate "C" not null,
  name text collate "C" not null,
  cursor text not null,
  acked bigint not null,
  last_in bigint not null,
  last_out bigint not null,
  refusals bigint not null,
  last_refusal text not null,
  primary key (network, name)
);

create table act (
  n bigint generated always as identity primary key,
  at bigint not null,
  actor text not null,
  verb text not null,
  subject text not null,
  detail text not null
);

create table charter (
  network text collate "C" not null,
  version bigint not null,
  heard bigint not null,
  raw bytea not null,
  conflict bytea not null,
  primary key (network, version)
);

create table statement (
  log integer not null references log (ref),
  idx bigint not null,
  heard bigint not null,
  line bytea not null,
  primary key (log, idx)
);

create table fork (
  node text collate "C" not null,
  log text collate "C" not null,
  epoch bigint not null,
  at bigint not null,
  raw bytea not null,
  primary key (node, log, epoch)
);

create table application (
  network text collate "C" not null,
  name text collate "C" not null,
  at bigint not null,
  sponsor text not null,
  contact text not null,
  invited boolean not null,
  identity bytea not null,
  primary key (network, name)
);

create table invite (
  network text collate "C" not null,
  hash text collate "C" not null,
  made bigint not null,
  exp bigint not null,
  remark text not null,
  used text not null,
  primary key (network, hash)
);

create table case_of (
  id text collate "C" primary key,
  network text collate "C" not null,
  requester text not null,
  supplier text not null,
  opened bigint not null
);

create table message (
  id text collate "C" not null references case_of (id),
  writer text collate "C" not null,
  start bigint not null,
  n bigint not null,
  hash text not null,
  at bigint not null,
  void boolean not null,
  raw bytea not null,
  receipt bytea not null,
  primary key (id, writer, start, n)
);

create table start_of (
  network text collate "C" not null,
  name text collate "C" not null,
  start bigint not null,
  primary key (network, name)
);

create table message_fork (
  id text collate "C" not null,
  writer text collate "C" not null,
  hash text collate "C" not null,
  at bigint not null,
  raw bytea not null,
  primary key (id, writer, hash)
);

create table side (
  hash text collate "C" not null,
  id text collate "C" not null,
  line bytea not null,
  primary key (id, hash)
);

create table blob (
  hash text collate "C" not null,
  id text collate "C" not null,
  data bytea not null,
  primary key (id, hash)
);

create table outbox (
  seq bigint generated always as identity primary key,
  id text collate "C" not null,
  recipient text not null,
  start bigint not null,
  n bigint not null,
  due bigint not null,
  tries bigint not null,
  relayed boolean not null,
  trouble text not null,
  unique (id, start, n)
);

create table relay (
  recipient text collate "C" not null,
  hash text collate "C" not null,
  sender text not null,
  at bigint not null,
  size bigint not null,
  data bytea not null,
  primary key (recipient, hash)
);

create table witnessed (
  node text collate "C" not null,
  log text collate "C" not null,
  at bigint not null,
  head bytea not null,
  primary key (node, log)
);

create table cosignature (
  node text collate "C" not null,
  log text collate "C" not null,
  epoch bigint not null,
  size bigint not null,
  witness text collate "C" not null,
  at bigint not null,
  line text not null,
  primary key (node, log, epoch, size, witness)
);

create table object (
  kind text collate "C" not null,
  id text collate "C" not null,
  changed bigint not null,
  body bytea not null,
  primary key (kind, id)
);

create table plugin_value (
  plugin text collate "C" not null,
  key text collate "C" not null,
  value bytea not null,
  primary key (plugin, key)
);

create table plugin_entry (
  plugin text collate "C" not null,
  stream text collate "C" not null,
  number bigint not null,
  value bytea not null,
  primary key (plugin, stream, number)
);

create table plugin_size (plugin text collate "C" primary key, bytes bigint not null)
