import { describe, expect, test } from '@jest/globals';
import { canonicalJson } from '../signing/index.js';
import { buildContent } from './build-content.js';
import type { Block, Cell, DossierContent, Fact } from './content.js';
import { play } from './mortgage-play.test.js';
import { Recorder } from './mortgage.test.js';
import { resolvePointer } from './pointer.js';
import { dossierEvents, inputOf } from './testing.test.js';

const { recorder, version1, version2 } = play();
const events = dossierEvents(recorder.stored);
const content = buildContent(inputOf(recorder, version2, events));

function cellsOf(block: Block): readonly Cell[] {
  if (block.kind === 'paragraph') return block.cells;
  if (block.kind === 'table') return block.rows.flat();
  if (block.kind === 'facts' || block.kind === 'signature') return block.rows.flatMap(({ cells }) => cells);
  return [];
}
const cells = ({ sections }: DossierContent, id?: string) =>
  sections.filter((section) => id === undefined || section.id === id).flatMap(({ blocks }) => blocks.flatMap(cellsOf));
const words = (dossier: DossierContent, id?: string) =>
  cells(dossier, id)
    .map(({ text }) => text)
    .join('\n');

describe('what the dossier says', () => {
  test('the same events give the same content', () => {
    expect(canonicalJson(buildContent(inputOf(recorder, version2, dossierEvents(recorder.stored))))).toBe(
      canonicalJson(content),
    );
  });

  test('which data, which code, who trained, who signed and when', () => {
    const brief = words(content, 'brief');
    expect(brief).toContain('boston-hmda version 1, 2,380 rows');
    expect(brief).toContain('https://git.example/mortgage at ');
    expect(brief).toContain('Bo Nakamura, 2026-03-0');
    expect(brief).toMatch(/Chiara Rossi as validator, meaning “validated”, 2026-03-03 \d\d:\d\d:\d\d UTC/);
    expect(brief).toMatch(/Devrim Şahin as risk-officer, meaning “accepted-risk”/);
  });

  test('refusals with the numbers and the path that refused', () => {
    const refusals = words(content, 'refusals');
    expect(refusals).toContain('GateFailed');
    expect(refusals).toMatch(
      /gate: four-fifths; high: 0\.7471; low: 0\.6388; threshold: 0\.8000; value: 0\.6943; evaluation id/,
    );
    expect(refusals).toContain('path: model version → training run → started by');
    expect(refusals).toContain('ReauthenticationRequired');
  });

  test('failed gates as plainly as passed ones, with interval and n', () => {
    const fairness = words(buildContent(inputOf(recorder, version1, events)), 'fairness');
    expect(fairness).toContain('FAIL');
    expect(fairness).toContain('0.6943');
    expect(fairness).toContain('0.6388 to 0.7471 (95 %, koopman)');
    expect(fairness).toContain('point ≥ 0.8000');
  });

  test('voiding, override with its review, retirement with successor', () => {
    expect(words(content, 'approvals')).toMatch(/VOIDED[\s\S]*evidence-changed/);
    expect(words(content, 'overrides')).toMatch(/not-justified, Ева Петрова/);
    expect(words(content, 'retirement')).toContain('version 3');
  });

  test('what served when, with the share of traffic', () => {
    const served = words(content, 'deployments');
    expect(served).toContain('100 %, green');
    expect(served).toContain('90 %, green');
  });

  test('an event that was recorded late is listed with its delay', () => {
    expect(words(content, 'late')).toMatch(/Override reviewed/);
  });

  test('it never calls anything compliant', () => {
    expect(canonicalJson(content).toLowerCase()).not.toMatch(/compliant|conforms to the law/);
  });

  test('it names nobody and reveals no text that it does not print', () => {
    const short = buildContent(
      inputOf(
        recorder,
        version1,
        events.filter(({ type }) => type.startsWith('ModelVersion') || type === 'ModelRegistered'),
      ),
    );
    expect(short.people.map(({ name }) => name)).not.toContain('Devrim Şahin');
    expect(short.disclosures.every(({ digest }) => canonicalJson(short.sections).includes(digest))).toBe(true);
  });
});

describe('every fact', () => {
  const facts = cells(content).filter((cell): cell is Fact => cell.kind === 'fact');
  const byId = new Map(content.events.map((event) => [event.id, event]));

  test('cites events that the dossier holds, by their digest', () => {
    expect(facts.length).toBeGreaterThan(400);
    for (const fact of facts)
      for (const { id, digest } of fact.events)
        expect({ text: fact.text, digest: byId.get(id)?.digest }).toEqual({ text: fact.text, digest });
  });

  test('that quotes a value quotes what stands in the stored bytes', () => {
    for (const {
      at,
      value,
      events: [first],
    } of facts) {
      if (at === undefined) continue;
      const { data, metadata } = byId.get(first!.id)!;
      expect(resolvePointer({ data: JSON.parse(data), metadata: JSON.parse(metadata) }, at)).toEqual(value);
    }
  });

  test('that an upcaster changed cites its event without claiming a place in its bytes', () => {
    const changed = events.map((event) =>
      event.type === 'ModelRegistered' ? { ...event, data: { ...event.data, intendedUse: 'as upcast' } } : event,
    ) as typeof events;
    const fact = cells(buildContent(inputOf(recorder, version2, changed)), 'inventory').find(
      ({ text }) => text === 'as upcast',
    ) as Fact;
    expect(fact.events).toHaveLength(1);
    expect(fact.at).toBeUndefined();
  });
});

describe('gaps', () => {
  test('stand where they are and again in one section', () => {
    const inPlace = cells(content, 'inventory').filter(({ kind }) => kind === 'gap');
    expect(inPlace.map(({ text }) => text)).toEqual(['description of the model']);
    expect(
      cells(content, 'gaps')
        .filter(({ kind }) => kind === 'gap')
        .map(({ text }) => text),
    ).toContain('description of the model');
  });

  test('of a version of which nothing but its registration is recorded', () => {
    const alone = buildContent(
      inputOf(
        recorder,
        version1,
        events.filter(
          ({ data, type }) =>
            type === 'ModelVersionRegistered' && 'modelVersionId' in data && data.modelVersionId === version1,
        ),
      ),
    );
    const gaps = cells(alone, 'gaps')
      .filter(({ kind }) => kind === 'gap')
      .map(({ text }) => text);
    for (const missing of [
      'training run of this version',
      'evaluation of this version',
      'data behind this version',
      'request for approval of this version',
      'permit to serve',
      'deployment of this version',
      'risk assessment',
    ])
      expect(gaps).toContain(missing);
    expect(words(alone, 'brief')).toMatch(/\d+ places where no evidence is recorded/);
  });

  test('an erased name and an erased text are shown as erased, not as absent', () => {
    const input = inputOf(recorder, version2, events);
    const [digest] = [...recorder.disclosures].find(
      ([, revealed]) => typeof revealed === 'object' && revealed.text.startsWith('Two rows'),
    )!;
    const chiara = [...recorder.people].find(([, name]) => name === 'Chiara Rossi')![0];
    const erased = buildContent({
      ...input,
      disclosures: new Map([...input.disclosures, [digest, 'erased']]),
      people: new Map([...input.people, [chiara, 'erased']]),
    });
    expect(canonicalJson(erased)).not.toContain('Two rows were counted twice');
    expect(canonicalJson(erased)).not.toContain('Chiara');
    expect(words(erased, 'evaluations')).toContain(`[text erased; digest ${digest}]`);
    expect(words(erased, 'approvals')).toContain('(name erased)');
  });

  test('a text that this reader may not see is said to be withheld', () => {
    const withheld = buildContent({ ...inputOf(recorder, version2, events), disclosures: new Map() });
    expect(words(withheld, 'overrides')).toContain('[text not disclosed to this audience; digest ');
  });
});

describe('bad input', () => {
  test('no event at all', () => {
    expect(() => buildContent({ ...inputOf(recorder, version2, events), events: [] })).toThrow(RangeError);
  });

  test('an event beyond the position', () => {
    expect(() => buildContent({ ...inputOf(recorder, version2, events), asOf: events[3]!.position })).toThrow(
      /lies beyond position/,
    );
  });

  test('a name with direction marks is shown with its code points and cannot turn its neighbours', () => {
    const hostile = new Recorder();
    const { version2: version } = play({ recorder: hostile });
    const chiara = [...hostile.people].find(([, name]) => name === 'Chiara Rossi')![0];
    hostile.people.set(chiara, 'Chi\u202Eara\u0000 \u2066x');
    const text = words(buildContent(inputOf(hostile, version, dossierEvents(hostile.stored))), 'approvals');
    expect(text).toContain('Chi<U+202E>ara<U+0000> <U+2066>x');
  });
});
