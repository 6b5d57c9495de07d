/** Which rule a token or key broke. Every one is answered alike from outside (401) and counted as a denial. */
export type CredentialRule =
  | 'MalformedCredentials'
  | 'MalformedToken'
  | 'UnsupportedAlgorithm'
  | 'UnknownSigningKey'
  | 'BadSignature'
  | 'WrongIssuer'
  | 'WrongAudience'
  | 'TokenExpired'
  | 'TokenNotYetValid'
  | 'MissingClaim'
  | 'UnknownSubject'
  | 'IdentityErased'
  | 'MalformedKey'
  | 'UnknownKey'
  | 'KeyExpired'
  | 'KeyRevoked'
  | 'ReauthenticationMismatch'
  | 'NotInitialised';

/** The credentials are not accepted. Holds nothing of the credentials themselves. */
export class InvalidCredentials extends Error {
  override readonly name = 'InvalidCredentials';
  constructor(
    readonly rule: CredentialRule,
    /** The claim, header or part that broke the rule. */
    readonly field: string,
  ) {
    super(`credentials refused: ${rule} (${field})`);
  }
}

/** The token issuer cannot be asked for its keys: a fault, not a verdict about the token. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}
