import Sequencer from '@jest/test-sequencer';

/** What takes longest, longest first: begun last, one of these would run alone while a core is idle. */
const longest = [
  'test/outage/outage.e2e',
  'test/crash/kills.e2e',
  'services/trainer/trainer.int',
  'test/services/processes.e2e',
  'services/projector/sharing.int',
  'libs/postgres/launch.int',
  'libs/statistics/catalogue/goldens.unit',
  'services/relay/relay.int',
  'libs/learning/job/run.unit',
  'libs/messaging/kafka.int',
  'libs/event-store/copy.int',
  'libs/ledger-server/damage.int',
  'test/crash/kafka.e2e',
  'test/crash/disk.e2e',
  'test/services/start-lines.e2e',
].map((name) => `/${name}.spec.ts`);

/** Jest begins with the largest files, or with what took longest the last time; a fresh clone has no last time. */
export class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const found = longest.findIndex((name) => path.replaceAll('\\', '/').endsWith(name));
      return found < 0 ? longest.length : found;
    };
    return [...super.sort(tests)].sort((a, b) => place(a) - place(b));
  }
}

// Jest asks a sequencer file for its default export.
// oxlint-disable-next-line import/no-default-export
export { LongestFirst as default };
