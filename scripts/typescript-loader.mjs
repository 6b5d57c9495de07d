// Lets a plain node process run the TypeScript sources (benches, generators): `node --import scripts/typescript-loader.mjs`.
// The sources win over dist/, through the "source" condition of package.json's imports.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
