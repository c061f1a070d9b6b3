-- What the people of a node keep: requests, persons, agreements, approvals. One typed object a row, as JSON.
create table object (
  kind text not null,
  id text not null,
  changed integer not null,
  body blob not null,
  primary key (kind, id)
) strict, without rowid;
