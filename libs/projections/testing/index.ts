export { compareWithFold, rowTexts, storedRows } from './compare.js';
export { randomHistory } from './history.js';
export { HistoryWriter, Seeded, testPolicy, testStages, type HistoryEvent } from './writer.js';
