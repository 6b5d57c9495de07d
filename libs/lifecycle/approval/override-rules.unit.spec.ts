import { describe, expect, test } from '@jest/globals';
import { digestOf, example, id, time } from '../examples.js';
import { by, overriding } from '../examples-commands.js';
import { specificationOf } from '../specification.js';
import { override } from './index.js';

const given = specificationOf(override);

const review = (
  name: string,
  options: { readonly roles?: readonly 'compliance-officer'[]; readonly identities?: readonly string[] } = {},
) =>
  ({
    type: 'ReviewOverride',
    context: by(name, { roles: options.roles ?? ['compliance-officer'], minutes: 60 }),
    data: {
      overrideId: id('override'),
      verdict: 'justified',
      reason: digestOf('reason'),
      facts: {
        reviewer: { identities: options.identities ?? [id(name)] },
        operatorIdentities: [id('emil'), id('emil-at-home')],
      },
    },
  }) as const;

const lapse = (minutes: number) =>
  ({
    type: 'LapseOverrideReview',
    context: by('process-manager', { kind: 'service', roles: ['process-manager-service'], minutes }),
    data: { overrideId: id('override') },
  }) as const;

describe('rule-18 an emergency override is named one', () => {
  test('rule-18 it lives for minutes, names its incident and its review', () => {
    const [event] = given().when(overriding('emil')).events();
    expect(event).toMatchObject({
      type: 'OverrideUsed',
      data: {
        operatorId: id('emil'),
        incidentId: id('incident'),
        validUntil: time(30 + 60),
        reviewDueAt: time(30 + 72 * 60),
        reviewRole: 'compliance-officer',
        reason: digestOf('reason'),
      },
    });
  });

  test('rule-18 it is a capability of its own: no other role has it, no service, nobody for another', () => {
    given()
      .when(overriding('emil', { context: { roles: ['administrator', 'risk-officer'] } }))
      .thenRefused('RoleNotHeld', { role: 'emergency-operator' });
    given()
      .when(overriding('bot', { context: { kind: 'service', authentication: { method: 'oidc' } } }))
      .thenRefused('ServiceCannotSign');
    given()
      .when(overriding('emil', { context: { onBehalfOf: 'vera' } }))
      .thenRefused('DelegationInvalid');
  });

  test('rule-18 it needs strong, fresh authentication over what the operator saw', () => {
    for (const authentication of [{ nonce: digestOf('x') }, { acr: 'weak' }, { time: time(0) }, { tokenId: undefined }])
      given()
        .when(overriding('emil', { context: { authentication } }))
        .thenRefused('ReauthenticationRequired');
    given()
      .when(overriding('emil', { facts: { evidenceDigest: digestOf('moved') } }))
      .thenRefused('EvidenceChanged');
    const { tokenId } = overriding('emil').context.actor.authentication;
    given()
      .when(overriding('emil', { facts: { usedTokens: [tokenId!] } }))
      .thenRefused('ReauthenticationRequired', { rule: 'used-once' });
  });

  test('rule-18 somebody else reviews it, in the role that the policy names', () => {
    given(example('OverrideUsed')).when(review('cora')).thenEvents('OverrideReviewed');
    given(example('OverrideUsed')).when(review('emil')).thenRefused('OwnOverride');
    given(example('OverrideUsed')).when(review('emil-at-home')).thenRefused('OwnOverride');
    given(example('OverrideUsed'))
      .when(review('cora', { identities: [id('cora'), id('emil')] }))
      .thenRefused('OwnOverride');
    given(example('OverrideUsed'))
      .when(review('cora', { roles: [] }))
      .thenRefused('RoleNotHeld');
    given(example('OverrideUsed'), example('OverrideReviewed')).when(review('cora')).thenRefused('AlreadyReviewed');
  });

  test('rule-18 unreviewed when the review is due, it lapses; a late review is still one', () => {
    given(example('OverrideUsed'))
      .when(lapse(72 * 60 - 1))
      .thenRefused('NotDue');
    given(example('OverrideUsed'))
      .when(lapse(72 * 60))
      .thenEvents('OverrideReviewLapsed');
    given(example('OverrideUsed'), example('OverrideReviewed'))
      .when(lapse(72 * 60))
      .thenNothing();
    given(example('OverrideUsed'), example('OverrideReviewLapsed'))
      .when(lapse(73 * 60))
      .thenNothing();
    expect(given(example('OverrideUsed'), example('OverrideReviewLapsed')).when(review('cora')).state()).toMatchObject({
      status: 'reviewed',
      late: true,
    });
  });

  test('rule-18 what does not exist, or is retired, cannot be overridden into service', () => {
    given()
      .when(overriding('emil', { facts: { modelVersion: 'retired' } }))
      .thenRefused('Retired');
    given()
      .when(overriding('emil', { facts: { modelVersion: 'missing' } }))
      .thenRefused('NotFound');
    given(example('OverrideUsed')).when(overriding('emil')).thenRefused('AlreadyExists');
  });
});
