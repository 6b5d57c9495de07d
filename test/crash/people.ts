import { generatePassword, signInAs, startLocalIssuer } from '#libs/identity';
import type { DemoPerson } from '#libs/identity';
import { systemClock } from '#libs/runtime';
import { registerData, registerModel, registerPeople, publishPolicy } from '../../services/standalone/demo/opening.js';
import { people } from '../../services/standalone/demo/people.js';
import type { PersonKey } from '../../services/standalone/demo/people.js';
import { Stage } from '../../services/standalone/demo/stage.js';
import { Steps } from '../../services/standalone/demo/steps.js';
import { smallModel } from '../serving/small-model.js';

export const audience = 'assay';
/** Who opens the workspace, at the issuer. */
export const administrator = people[0].username;

/** People who can sign in whatever happens to the product: their issuer lives in the process of the test. */
export async function startPeople() {
  const accounts = new Map<PersonKey, DemoPerson>(
    people.map(({ key, username, displayName }) => [key, { username, displayName, password: generatePassword() }]),
  );
  const issuer = await startLocalIssuer({
    people: [...accounts.values()],
    audience,
    redirectUris: ['http://127.0.0.1/signed-in'],
    clock: systemClock,
  });
  const tokens = new Map<PersonKey, Promise<string>>();
  const token = (person: PersonKey): Promise<string> => {
    let known = tokens.get(person);
    if (!known)
      tokens.set(person, (known = signInAs(issuer, accounts.get(person)!).then((signed) => signed.accessToken)));
    return known;
  };
  return {
    issuer: issuer.issuer,
    token,
    /** A token for one signature. */
    reauthenticate: async (person: PersonKey, nonce: string): Promise<string> =>
      (await signInAs(issuer, accounts.get(person)!, { nonce, maxAge: 0 })).idToken,

    /** Through the public doors: people with roles, a policy, data, a model, and an ONNX file to register. */
    async prepare(url: string): Promise<Prepared> {
      const stage = new Stage(
        url,
        () => '',
        async () => 0,
        issuer,
        accounts,
      );
      const steps = new Steps(() => undefined);
      await registerPeople(stage, steps, issuer.issuer);
      const policyId = await publishPolicy(stage, steps);
      const datasetVersionId = await registerData(stage, steps, 0);
      const modelId = await registerModel(stage, steps, policyId, 0);
      return { modelId, datasetVersionId, artifact: await stage.upload('trainer', smallModel()) };
    },
    close: () => issuer.close(),
  };
}

export interface Prepared {
  readonly modelId: string;
  readonly datasetVersionId: string;
  /** Digest. */
  readonly artifact: string;
}

export type People = Awaited<ReturnType<typeof startPeople>>;
