import type { CodeCatalogue } from './catalogue.ts'

/** What a chart's rendered objects may not be. */
export const RENDERED_CODES = {
  STY330: {
    title: 'object without identity',
    explanation: 'Each rendered document must be a Kubernetes object with apiVersion, kind and name.',
  },
  STY331: {
    title: 'object name not allowed',
    explanation: 'Kubernetes would refuse the name as too long or badly formed.',
  },
  STY332: {
    title: 'object outside the namespace',
    explanation: 'Everything of a deployment lives in the namespace of its environment.',
  },
  STY333: {
    title: 'undeclared cluster-scoped object',
    explanation: 'A driver must say in cluster_scoped which kinds outside namespaces its chart makes.',
  },
  STY334: {
    title: 'reserved kind',
    explanation: "Namespaces, objects of styrmin.io and Helm's release records are made by the agent alone.",
  },
  STY335: { title: 'object rendered twice', explanation: 'Two documents of one chart name the same object.' },
  STY336: { title: 'object too large', explanation: 'The object is larger than the store of Kubernetes takes.' },
  STY337: {
    title: 'annotations too large',
    explanation: 'Kubernetes limits the size of all annotations of an object.',
  },
  STY338: {
    title: 'label or annotation not allowed',
    explanation: 'Labels and annotations are texts, and labels are short and plain.',
  },
  STY339: { title: 'replicas not allowed', explanation: 'The number of replicas is a whole number of at least 0.' },
  STY340: {
    title: 'one object, two deployments',
    explanation: 'Two deployments that make the same object would overwrite each other without end.',
  },
  STY341: {
    title: 'one host name, two deployments',
    explanation: "Two deployments that answer to one host name would take each other's traffic.",
  },
} as const satisfies CodeCatalogue
