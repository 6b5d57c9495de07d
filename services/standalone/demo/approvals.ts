import { randomUUID } from 'node:crypto';
import { node, until } from './answers.js';
import type { MutationAnswer } from './graphql-client.js';
import type { Cast, Version } from './models.js';
import type { PersonKey } from './people.js';

export const environment = 'production';

interface Challenge {
  readonly nonce: string;
  readonly evidenceDigest: string;
}

export interface SigningAct {
  readonly person: PersonKey;
  readonly approvalId: string;
  readonly stage: string;
  readonly role: string;
  readonly meaning: string;
  readonly comment?: string;
  /** False: signs with the session's own token. */
  readonly reauthenticated?: boolean;
}

/** Looks at what is to be signed, signs in anew over its digest, signs. */
export async function sign({ stage }: Cast, act: SigningAct): Promise<MutationAnswer & { readonly evidence: string }> {
  const { person, approvalId, reauthenticated = true, ...rest } = act;
  const client = await stage.as(person);
  const { signingChallenge: challenge } = await client.query<{ signingChallenge: Challenge }>(
    `query ($approval: ID!, $meaning: SignatureMeaning!, $asOf: AsOfInput) {
      signingChallenge(approval: $approval, meaning: $meaning, asOf: $asOf) { nonce evidenceDigest }
    }`,
    { approval: approvalId, meaning: act.meaning, asOf: stage.asOf },
  );
  const answer = await stage.mutate(person, 'signApproval', {
    approvalId,
    ...rest,
    evidenceDigest: challenge.evidenceDigest,
    ...(reauthenticated && { reauthentication: await stage.reauthenticate(person, challenge.nonce) }),
  });
  return { ...answer, evidence: challenge.evidenceDigest };
}

/** Requests approval of a version and has both stages signed by those who may. */
export async function approve(cast: Cast, version: Version): Promise<string> {
  const { steps } = cast;
  const approvalId = randomUUID();
  await steps.accepted(`request-${version.name}`, async () => ({ answer: await request(cast, version, approvalId) }));
  await steps.accepted(`approve-${version.name}`, async () => {
    const validated = await sign(cast, {
      person: 'validator',
      approvalId,
      stage: 'validation',
      role: 'VALIDATOR',
      meaning: 'VALIDATED',
    });
    if (!validated.positions) return { answer: validated };
    const answer = await sign(cast, {
      person: 'risk',
      approvalId,
      stage: 'risk',
      role: 'RISK_OFFICER',
      meaning: 'ACCEPTED_RISK',
    });
    return {
      answer,
      positions: answer.positions && [...validated.positions, ...answer.positions],
      digests: { evidence: answer.evidence },
      line: 'signed by validator and risk officer',
    };
  });
  await permit(cast, version);
  return approvalId;
}

export async function request({ stage }: Cast, version: Version, approvalId: string): Promise<MutationAnswer> {
  return stage.mutate('requester', 'requestApproval', {
    approvalId,
    modelVersionId: version.id,
    environment,
    cause: 'first-deployment',
  });
}

/** Waits for the permit issuer; nobody asks it. */
export async function permit({ stage, steps }: Cast, version: Version): Promise<void> {
  await steps.accepted(`permit-${version.name}`, async () => {
    const found = await activePermit({ stage }, version);
    return {
      positions: [found.position],
      digests: { artifact: found.artifactDigest },
      line: `valid until ${found.validUntil}`,
    };
  });
}

export interface IssuedPermit {
  readonly uuid: string;
  readonly status: string;
  readonly position: string;
  readonly artifactDigest: string;
  readonly validUntil: string;
}

export async function permitsOf({ stage }: Pick<Cast, 'stage'>, version: Version): Promise<readonly IssuedPermit[]> {
  const { permits } = await node<{ permits: IssuedPermit[] }>(
    await stage.as('release'),
    'ModelVersion',
    version.id,
    'permits { uuid status position artifactDigest validUntil }',
  );
  return permits;
}

export async function activePermit(cast: Pick<Cast, 'stage'>, version: Version): Promise<IssuedPermit> {
  return until(`a permit for version ${version.name}`, 20, async () =>
    (await permitsOf(cast, version)).find(({ status }) => status === 'valid'),
  );
}
