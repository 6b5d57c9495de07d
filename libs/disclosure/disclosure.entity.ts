import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A disclosed text with its salt, or what is left of it after erasure: the digest and the time. */
@Entity({ name: 'disclosure' })
export class DisclosureRow {
  @PrimaryColumn('text')
  workspace: string;

  @PrimaryColumn('text')
  digest: string;

  @Column('bytea', { nullable: true })
  salt: Buffer | null;

  @Column('text', { nullable: true })
  value: string | null;

  @Column('text')
  field: string;

  @Column('text', { name: 'subject_id', nullable: true })
  subjectId: string | null;

  @Column('text')
  stream: string;

  @Column('text', { name: 'command_id' })
  commandId: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'confirmed_at', nullable: true })
  confirmedAt: Date | null;

  @Column('timestamptz', { name: 'erased_at', nullable: true })
  erasedAt: Date | null;
}
