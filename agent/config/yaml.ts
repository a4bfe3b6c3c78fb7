/** The half of js-yaml that reads: a text of its own in the preload. */
export { load } from 'js-yaml';
