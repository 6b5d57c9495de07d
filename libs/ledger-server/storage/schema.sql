-- The ledger's own database. One row in `ledger` says where it ends; the writer moves it in every transaction.
create table ledger (
  only_one boolean primary key default true check (only_one),
  format int not null,
  next_position bigint not null,
  last_created bigint not null
);

create table stream (
  id int primary key,
  name text not null unique
);

create table event (
  position bigint primary key,
  stream int not null,
  revision bigint not null,
  created bigint not null,
  id uuid not null,
  checksum bigint not null,
  is_json boolean not null,
  type text not null,
  metadata bytea not null,
  data bytea not null,
  constraint event_of_stream unique (stream, revision)
) with (fillfactor = 100);

insert into ledger (format, next_position, last_created) values (1, 0, 0);
