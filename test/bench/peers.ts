import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';

/** What a peer says, or why it says nothing: then no ratio to it is judged. */
export type PeerAnswer<Result> = { readonly result: Result } | NotJudged;

interface NotJudged {
  readonly notJudged: string;
  /** Python with pip is not here: the only reason for which a floor may stay unjudged. */
  readonly isAbsent: boolean;
}

/** Whether a floor is held. A peer that failed holds none: only where there is no Python a floor may stay unjudged. */
export function isHeld(answer: PeerAnswer<unknown>, ratio: number | undefined, floor: number): boolean {
  return ratio === undefined ? 'isAbsent' in answer && answer.isAbsent : ratio >= floor;
}

/**
 * Runs `test/bench/peers/NAME.py` and reads its JSON. Its packages are those of `requirements`, a file beside it:
 * installed by pip into `var/peers` the first time, or those of the Python that ASSAY_PEERS_PYTHON names.
 */
export function askPeer<Result>(
  name: string,
  requirements: string,
  parameters: readonly string[] = [],
): PeerAnswer<Result> {
  const own = process.env['ASSAY_PEERS_PYTHON'];
  const folder = join(repositoryRoot(), 'test', 'bench', 'peers');
  const packages: Packages = own === undefined ? installed(join(folder, requirements)) : { environment: {} };
  if ('notJudged' in packages) return packages;
  const child = spawnSync(own ?? 'python3', [join(folder, `${name}.py`), ...parameters], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, ...packages.environment },
  });
  if (child.status !== 0) return failed(`the peer ended with ${lastLine(child.stderr)}`);
  return { result: JSON.parse(child.stdout) as Result };
}

type Packages = { readonly environment: { readonly PYTHONPATH?: string } } | NotJudged;

function installed(requirements: string): Packages {
  const python = spawnSync('python3', ['-m', 'pip', '--version'], { encoding: 'utf8' });
  if (python.status !== 0) return { notJudged: 'not judged: Python with pip is not present', isAbsent: true };
  // Its pins may be those of the goldens: another version there is another folder too.
  const pins = join(repositoryRoot(), 'test', 'peers', 'requirements.txt');
  const wanted = [requirements, pins].map((file) => readFileSync(file, 'utf8')).join('\n');
  const version = createHash('sha256').update(wanted).update(python.stdout).digest('hex').slice(0, 16);
  const target = join(repositoryRoot(), 'var', 'peers', version);
  const complete = join(target, 'complete');
  if (!existsSync(complete)) {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    process.stderr.write('installing the peers by pip…\n');
    const pip = spawnSync('python3', ['-m', 'pip', 'install', '--quiet', '--target', target, '-r', requirements], {
      encoding: 'utf8',
    });
    if (pip.status !== 0) return failed(`pip cannot install the peer: ${lastLine(pip.stderr)}`);
    writeFileSync(complete, wanted);
  }
  return { environment: { PYTHONPATH: target } };
}

function failed(why: string): NotJudged {
  return { notJudged: `not judged: ${why}`, isAbsent: false };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
