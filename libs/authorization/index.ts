export { abilityFor, denialReason, mayDo } from './ability.js';
export type { AssayAbility, HeldGrant, Resource } from './ability.js';
export { conditionSql, UnsupportedCondition } from './condition-sql.js';
export type { Columns, SqlCondition } from './condition-sql.js';
export { actions, permissions, subjectsOfOneModel, subjectTypes } from './permissions.js';
export type { Action, Permission, SubjectType } from './permissions.js';
