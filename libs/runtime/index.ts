export { repositoryRoot } from './root.js';
