import { parentPort } from 'node:worker_threads';
import { readConfiguration } from '#libs/runtime';
import { startMember } from './member.js';
import type { FromHelper } from './helper.js';

// A helper's thread (helper.ts): one more member of the group, described by the same environment.
const port = parentPort!;
const everyMs = 200;
const tell = (message: FromHelper): void => port.postMessage(message);

const member = startMember(readConfiguration(), (told) => tell({ kind: 'told', told }));
const { projector } = member;
const telling = setInterval(() => {
  const { gaps, ...status } = projector.status();
  tell({ kind: 'status', status: { ...status, gaps: gaps.map(({ message }) => ({ message })) } });
}, everyMs);
let isClosing = false;
const close = async (): Promise<void> => {
  if (isClosing) return;
  isClosing = true;
  clearInterval(telling);
  await member.close();
  port.close();
};
port.on('message', () => void close());
projector.failed.catch((error: unknown) => {
  tell({ kind: 'failed', message: (error as Error).message });
  void close();
});
