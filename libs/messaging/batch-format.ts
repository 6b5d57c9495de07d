/** Bytes of a record batch of format 2 before its records: base offset to record count (Kafka protocol guide, "Record Batch"). */
export const batchHeadBytes = 61;

/** Attributes of a record batch: the three bits that name how its records are compressed, and some of their values. */
export const codecBits = 0x07;
export const gzip = 1;
