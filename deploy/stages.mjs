// `node deploy/stages.mjs DIR [STAGE …]`: plays the stages (or those named) of deploy/Dockerfile without an engine, each in DIR/<stage>, so that
// the image's file system can be looked at and its programs started. Knows the instructions that the Dockerfile uses,
// refuses others, and starts no base image: the machine's own Node and shell run the RUN lines.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The stages in order: name, base image, and instructions as [name, text]. */
export function parseDockerfile(text = readFileSync(join(root, 'deploy', 'Dockerfile'), 'utf8')) {
  const stages = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, instruction, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (instruction === 'FROM') {
      const [, base, name] = /^(\S+) AS (\S+)$/.exec(rest);
      stages.push({ name, base, instructions: [] });
    } else if (['WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'ENTRYPOINT', 'CMD'].includes(instruction ?? ''))
      stages.at(-1).instructions.push([instruction, rest]);
    else throw new Error(`deploy/Dockerfile: this line is not understood: ${line}`);
  }
  return stages;
}

/** What a COPY takes from where: sources, target, and the stage that it copies from (undefined: the clone). */
export function parseCopy(text) {
  const words = text.split(' ');
  const from = words[0].startsWith('--from=') ? words.shift().slice('--from='.length) : undefined;
  return { from, sources: words.slice(0, -1), target: words.at(-1) };
}

function play(folder, wanted) {
  for (const { name, instructions } of parseDockerfile()) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const stage = join(folder, name);
    rmSync(stage, { recursive: true, force: true });
    let work = '/';
    const inside = (path) => join(stage, resolve(work, path));
    for (const [instruction, text] of instructions) {
      if (instruction === 'WORKDIR') mkdirSync(join(stage, (work = text)), { recursive: true });
      else if (instruction === 'COPY') copy(parseCopy(text), folder, inside);
      else if (instruction === 'RUN' && !text.includes('chown')) {
        const { status } = spawnSync('sh', ['-c', text], { cwd: inside('.'), stdio: 'inherit' });
        if (status !== 0) throw new Error(`${name}: RUN ${text} ended with ${status}`);
      }
    }
    process.stdout.write(`${name}: ${stage}\n`);
  }
}

function copy({ from, sources, target }, folder, inside) {
  for (const source of sources) {
    const path = from === undefined ? join(root, source) : join(folder, from, source);
    if (!existsSync(path)) throw new Error(`COPY: ${source} does not exist`);
    const into = target.endsWith('/') && !statSync(path).isDirectory() ? join(target, basename(source)) : target;
    cpSync(path, inside(into), { recursive: true, verbatimSymlinks: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, ...wanted] = process.argv.slice(2);
  if (!folder) {
    process.stderr.write('usage: node deploy/stages.mjs DIR [STAGE …]\n');
    process.exit(2);
  }
  play(resolve(folder), wanted);
}
