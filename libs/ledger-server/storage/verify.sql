-- The newest event of a slice that is not as it was acknowledged: $1 inclusive to $2 exclusive, both where events begin.
-- crc32() exists since Postgres 18; the columns are in the order of checksum.ts.
with slice as (
  select position, stream, revision, checksum <> crc32(
      int8send(position) || int4send(stream) || int8send(revision) || int8send(created) || uuid_send(id)
      || case when is_json then '\x01'::bytea else '\x00'::bytea end
      || convert_to(type, 'UTF8') || metadata || data) as altered,
    position + 96 + octet_length(convert_to(type, 'UTF8')) + octet_length(metadata) + octet_length(data) as ends,
    lead(position, 1, $2::bigint) over (order by position) as next
  from event where position >= $1::bigint and position < $2::bigint
)
select position, stream, revision, altered from slice where altered or ends <> next order by position desc limit 1
