import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import * as lifecycle from '../lifecycle/index.js';
import type { AssayEvent, Command, CommandContext, Decider } from '../lifecycle/index.js';
import { boston, digestOf, example, id } from '../lifecycle/examples.js';
import { aggregateExamples } from '../lifecycle/examples-aggregates.js';
import { by, overriding, signing } from '../lifecycle/examples-commands.js';
import { streamName } from '../lifecycle/streams.js';
import { catalogue } from './catalogue.js';
import { encodeEvent, eventMetadata } from './codec.js';

type AnyDecider = Decider<Command, AssayEvent, unknown>;

const signed = signing('vera', 'validation').context;
const overridden = overriding('vera').context;
const actor: fc.Arbitrary<CommandContext> = fc
  .tuple(
    fc.constantFrom('vera', 'ana', 'olga', 'adam', 'cora'),
    fc.integer({ min: -1000, max: 200_000 }),
    fc.subarray([...lifecycle.roles]),
    fc.constantFrom('person' as const, 'service' as const),
    fc.constantFrom(undefined, 'vera'),
  )
  .map(([name, minutes, roles, kind, onBehalfOf]) =>
    by(name, { minutes, roles, kind, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) }),
  );
/** Who is let through by the commands that need one certain signature. */
const proper: Readonly<Record<string, CommandContext>> = {
  SignApproval: signed,
  'SignApproval#risk': signing('rolf', 'risk').context,
  RejectApproval: signed,
  AbstainApproval: signed,
  MeetCondition: by('olga'),
  UseOverride: overridden,
};
/** The beginning of a life in the order of things. */
const orderly: readonly AssayEvent[] = [
  example('ApprovalRequested'),
  example('ApprovalSigned'),
  example('ApprovalConditionSet'),
  example('ApprovalGranted'),
  example('OverrideUsed'),
  example('PermitIssued'),
  example('DeploymentStarted'),
];
const contexts = fc.oneof(
  actor,
  fc.constantFrom(
    signed,
    overridden,
    signing('rolf', 'risk').context,
    by('process-manager', { kind: 'service', roles: ['process-manager-service'] }),
  ),
);

function encodes(event: AssayEvent, context: CommandContext): void {
  const stream = streamName(catalogue[event.type].aggregate, boston, id('stream'));
  encodeEvent(event, eventMetadata(event, { id: id('event'), stream, context, commandDigest: digestOf('x') }));
}

test('every event type but the two that no decider writes belongs to a decider', () => {
  const all = Object.values(aggregateExamples).flatMap(({ events }) => events);
  expect([...all, 'DenialCounted', 'NameReserved'].sort()).toEqual(Object.keys(catalogue).sort());
});

test.each(Object.entries(aggregateExamples))(
  '%s: no history and no command makes it throw, and all it decides can be stored',
  (_, { decider, events, commands }) => {
    const { initial, decide, evolve } = decider as AnyDecider;
    const accepted = new Set<string>();
    const all = events.map((type) => example(type) as AssayEvent);
    const history = fc.oneof(
      fc.array(fc.constantFrom(...all), { maxLength: 5 }),
      fc.nat(4).map((length) => orderly.filter(({ type }) => events.includes(type)).slice(0, length)),
    );
    const commandsOf = fc.array(fc.tuple(fc.constantFrom(...Object.keys(commands)), contexts, fc.boolean()), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(history, commandsOf, (past, wanted) => {
        let state = past.reduce<unknown>((before, event) => evolve(before, event), initial);
        for (const [type, anybody, properly] of wanted) {
          const context = (properly ? proper[type] : undefined) ?? anybody;
          const decision = decide({ type: type.replace(/#.*/, ''), data: commands[type]!, context }, state);
          if (decision.outcome === 'refused') {
            expect(decision.code).toMatch(/^[A-Z][A-Za-z]+$/);
            expect(decision.code).not.toBe('UnknownCommand');
            JSON.stringify(decision.details);
            continue;
          }
          for (const event of decision.events) {
            encodes(event, context);
            accepted.add(event.type);
            state = evolve(state, event);
          }
        }
      }),
      { numRuns: 120, seed: 7 },
    );
    expect([...accepted].sort()).toEqual([...events].sort());
  },
);
