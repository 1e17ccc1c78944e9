import type { CodeCatalogue } from './catalogue.ts'

/** What the agent meets in a cluster and on its way to the server. */
export const AGENT_CODES = {
  STY500: {
    title: 'the Kubernetes API does not answer',
    explanation: 'The connection failed, broke, or timed out; it is tried again.',
  },
  STY501: {
    title: 'the kubeconfig cannot be used',
    explanation: 'It is missing, is no kubeconfig, or names no cluster for its current context.',
  },
  STY502: {
    title: 'the Kubernetes API refused',
    explanation: 'The answer was an error that the same request will meet again.',
  },
  STY503: { title: 'the Styrmin server does not answer', explanation: 'It is tried again; running work goes on.' },
  STY504: {
    title: 'the Styrmin server refused',
    explanation:
      'The token of the cluster is missing, wrong or revoked, or the server answered with what is no answer.',
  },
  STY505: {
    title: 'the signature does not match',
    explanation: 'An intent or a custom resource is not signed by the key that was pinned at the first registration.',
  },
  STY506: {
    title: 'the bundle does not match its digest',
    explanation: 'What was fetched or stored is not what the intent names.',
  },
  STY507: {
    title: 'the object belongs to somebody else',
    explanation: 'An object of that name is there already and does not carry the mark of this deployment.',
  },
  STY508: {
    title: 'the object lies outside the environment',
    explanation:
      'A deployment may only hold objects of its own namespace and the cluster-scoped kinds its driver declares.',
  },
  STY509: {
    title: 'no such kind in this cluster',
    explanation: 'The Kubernetes API serves no such kind; its CustomResourceDefinition is missing.',
  },
  STY510: {
    title: 'the workload failed',
    explanation: 'A Job failed, a rollout passed its deadline, or an object says that it cannot become ready.',
  },
  STY511: { title: 'not ready in time', explanation: 'What was waited for did not become ready before the time-out.' },
  STY512: {
    title: 'the run differs from its record',
    explanation: 'A step has another name or other arguments than the record or the plan has; going on could do harm.',
  },
  STY513: {
    title: 'two primitives at once',
    explanation: 'An action called a primitive before the one before it had answered.',
  },
  STY514: {
    title: 'the key of the deployment is lost',
    explanation: 'Its generated values cannot be made again, although objects that hold them may exist.',
  },
  STY515: {
    title: 'the action failed',
    explanation: 'The code of a driver action threw an error, or has no such function.',
  },
  STY516: {
    title: 'no such component',
    explanation: 'An action named a component that the driver does not declare, or that has no workload.',
  },
  STY517: {
    title: 'not the leader',
    explanation: 'Another agent holds the lease of this cluster; this one stopped writing.',
  },
  STY518: {
    title: 'the version is not the plan’s',
    explanation: 'An action asked for another application version than the one its bundle holds.',
  },
} as const satisfies CodeCatalogue
