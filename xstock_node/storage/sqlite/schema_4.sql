-- Where the epochs of a log begin in what is held of it, so that those that an identity voids can be taken back.
create table epoch (
  log integer not null,
  epoch integer not null,
  start integer not null,
  primary key (log, epoch)
) without rowid;
