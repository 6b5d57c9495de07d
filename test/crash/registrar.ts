import type { Seeded } from '../../libs/projections/testing/index.js';
import { Broken } from './invariants.js';
import type { Load } from './load.js';

/** People whom nobody registered yet, one after the other. */
export async function registerPeopleFor(load: Load, key: string, random: Seeded, client: number): Promise<void> {
  for (let made = 1; ; made += 1) {
    const input = {
      commandId: random.uuid(),
      issuer: 'https://elsewhere.example',
      subject: `person-${client}-${made}`,
    };
    const answer = await load.command(async () => key, { mutation: 'registerPerson', input });
    if (answer.__typename !== 'CommandAccepted') throw new Broken(`registerPerson was refused: ${answer.code}`);
  }
}
