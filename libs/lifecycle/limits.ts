/** How far ahead of our clock a time may lie that somebody else has set, seconds. */
export const clockSkewSeconds = 60;

/** How old the re-authentication behind a signature may be, seconds (rule 8). */
export const reauthenticationSeconds = 120;
