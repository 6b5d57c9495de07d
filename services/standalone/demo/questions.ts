import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { getOperationAST, parse } from 'graphql';
import { repositoryRoot } from '#libs/runtime';
import type { Stage } from './stage.js';
import type { Steps } from './steps.js';

/** What the questions are about; each takes what it declares. */
export type About = Readonly<Record<string, unknown>>;

const folder = join(repositoryRoot(), 'examples', 'queries');

/**
 * The first questions of the four users, each one query of examples/queries, asked by the auditor: read-only, and for
 * a limited time. Subscriptions are left to the tests.
 */
export async function askQuestions(stage: Stage, steps: Steps, about: About): Promise<void> {
  await steps.accepted('ask-questions', async () => {
    const auditor = await stage.as('auditor');
    let asked = 0;
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.graphql')).sort()) {
      const document = await readFile(join(folder, name), 'utf8');
      const operation = getOperationAST(parse(document));
      if (operation?.operation !== 'query') continue;
      const declared = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
      await auditor.query(document, Object.fromEntries(declared.map((key) => [key, about[key] ?? null])));
      asked += 1;
    }
    return { positions: [], numbers: { queries: asked }, line: `${asked} questions, one query each` };
  });
}

export function globalId(type: string, uuid: string): string {
  return Buffer.from(`${type}:${uuid}`).toString('base64url');
}
