import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { sha256 } from '#libs/signing';
import { profileInParallel, readTable, sealCsv } from '#libs/statistics';
import type { Seal } from '#libs/statistics';
import { people } from './people.js';
import type { Stage } from './stage.js';
import { PlayFailed } from './steps.js';
import type { Steps } from './steps.js';

export const dataFile = join(repositoryRoot(), 'examples', 'boston-mortgage', 'boston-hmda.csv');
const policyFile = join(repositoryRoot(), 'examples', 'boston-mortgage', 'policy.json');

/** Grants end with the demonstration's usefulness; an auditor's has to end (rule 26). */
const auditDays = 30;

/** Everybody gets the role that they play. A second play finds them there. */
export async function registerPeople(stage: Stage, steps: Steps, issuer: string): Promise<void> {
  await steps.accepted('register-people', async () => {
    const positions: string[] = [];
    let granted = 0;
    for (const { key, username, displayName, roles } of people) {
      if (key === 'administrator' || (await stage.knows(key))) continue;
      const identityId = randomUUID();
      const registered = await stage.mutate('administrator', 'registerPerson', {
        identityId,
        issuer,
        subject: username,
        displayName,
      });
      if (!registered.positions) return { answer: registered };
      positions.push(...registered.positions);
      for (const role of roles) {
        const answer = await stage.mutate('administrator', 'grantAccess', {
          subjectId: identityId,
          role,
          ...(role === 'AUDITOR' && { validUntil: new Date(Date.now() + auditDays * 86_400_000).toISOString() }),
        });
        if (!answer.positions) return { answer };
        positions.push(...answer.positions);
        granted += 1;
      }
    }
    for (const { key } of people) {
      if (!(await stage.knows(key))) throw new PlayFailed(`${key} cannot sign in`);
    }
    return { positions, numbers: { people: people.length, granted }, line: `${people.length} people` };
  });
}

/** The policy of the play, published once per installation: a new version of it would void what stands on the old. */
export async function publishPolicy(stage: Stage, steps: Steps): Promise<string> {
  const client = await stage.as('administrator');
  const { policies } = await client.query<{ policies: { edges: { node: { uuid: string; name: string } }[] } }>(
    '{ policies(first: 100) { edges { node { uuid name } } } }',
  );
  const known = policies.edges.find(({ node: { name } }) => name === 'mortgage');
  if (known) return known.node.uuid;
  const policyId = randomUUID();
  const document = enums(JSON.parse(await readFile(policyFile, 'utf8')));
  await steps.accepted('publish-policy', async () => ({
    answer: await client.mutate('publishPolicy', { policyId, name: 'mortgage', document }),
  }));
  return policyId;
}

/** GraphQL spells its enum values in capitals. */
function enums(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => enums(item));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, enums(item, name)]));
  if (key === 'operator') return value === '>=' ? 'AT_LEAST' : 'AT_MOST';
  if (['role', 'reviewRole', 'meaning', 'onConditionLapse', 'reads'].includes(key))
    return String(value).toUpperCase().replaceAll('-', '_');
  return value;
}

/** The data set goes in by its owner, as anybody's would: uploaded, sealed, described. */
export async function registerData(stage: Stage, steps: Steps, run: number): Promise<string> {
  const datasetVersionId = randomUUID();
  await steps.accepted('register-data', async () => {
    const bytes = await readFile(dataFile);
    const seal = await sealCsv(dataFile);
    const digest = await stage.upload('steward', bytes);
    const { table } = await readTable(dataFile);
    const described = await profileInParallel(table, { target: 'deny', protected: ['afam', 'single'] });
    const profile = await stage.upload('steward', Buffer.from(JSON.stringify(described)));
    const datasetId = randomUUID();
    const registered = await stage.mutate('steward', 'registerDataset', {
      datasetId,
      name: numbered('boston-hmda', run),
      purpose: 'credit-decision',
      legalBasis: 'research-publication',
      licence: 'attribution',
      description:
        'Mortgage applications, Boston area, 1990 (Munnell, Tootell, Browne and McEneaney, American Economic Review 86).',
    });
    if (!registered.positions) return { answer: registered };
    const answer = await stage.mutate('steward', 'sealDatasetVersion', {
      datasetVersionId,
      datasetId,
      content: { digest, mediaType: 'text/csv' },
      rowDigest: seal.rowDigest,
      rows: seal.rows,
      columns: seal.columns.map(columnInput),
      profile: { digest: profile, mediaType: 'application/json' },
      grade: 'IMPORTED',
    });
    return {
      answer,
      positions: answer.positions && [...registered.positions, ...answer.positions],
      numbers: { rows: seal.rows, columns: seal.columns.length },
      digests: { content: digest, profile },
      line: `${seal.rows} rows, ${seal.columns.length} columns`,
    };
  });
  return datasetVersionId;
}

function columnInput({ name, type, nulls }: Seal['columns'][number]) {
  const role = name === 'deny' ? 'LABEL' : ['afam', 'single'].includes(name) ? 'PROTECTED' : 'FEATURE';
  return { name, type: type.toUpperCase(), nulls, role };
}

export async function registerModel(stage: Stage, steps: Steps, policyId: string, run: number): Promise<string> {
  const modelId = randomUUID();
  await steps.accepted('register-model', async () => ({
    answer: await stage.mutate('trainer', 'registerModel', {
      modelId,
      name: numbered('mortgage-approval', run),
      ownerId: stage.identityOf('release'),
      policyId,
      intendedUse: 'first-pass-mortgage-decision',
      prohibitedUses: ['pricing', 'marketing'],
      jurisdictions: ['US-MA'],
      description: 'Proposes a decision on a mortgage application; a loan officer decides.',
    }),
  }));
  return modelId;
}

/** How many models the play has left in this installation. */
export async function previousRuns(stage: Stage): Promise<number> {
  const client = await stage.as('administrator');
  const { models } = await client.query<{ models: { edges: unknown[] } }>(
    '{ models(first: 100) { edges { cursor } } }',
  );
  return models.edges.length;
}

export function numbered(name: string, run: number): string {
  return run === 0 ? name : `${name}-${run + 1}`;
}

/**
 * The commit of this clone: the code that the models of the play come from. Where there is no git, or no clone but an
 * unpacked release, the digest of its package.json, which pins it and all that it stands on.
 */
export function commitOfClone(folder = repositoryRoot()): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return sha256(readFileSync(join(folder, 'package.json')));
  }
}
