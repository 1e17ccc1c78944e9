import type { CodeCatalogue } from './catalogue.ts'

/** What can be wrong between documents. */
export const DESIRED_CODES = {
  STY200: { title: 'no such environment', explanation: 'A deployment names an environment that no document declares.' },
  STY201: { title: 'no such cluster', explanation: 'An environment names a cluster that no document declares.' },
  STY202: { title: 'no such driver', explanation: 'A deployment names a driver that the repository does not hold.' },
  STY203: {
    title: 'no such driver version',
    explanation: 'The version that is pinned is not in the repository or its history.',
  },
  STY204: {
    title: 'the driver version is not pinned',
    explanation: 'Several versions are there and the newest is taken; a pin keeps a deployment where it is.',
  },
  STY206: { title: 'no application version', explanation: 'Neither the deployment nor its driver names a version.' },
  STY207: {
    title: 'the application version is not supported',
    explanation: 'The driver was not made for this version.',
  },
  STY208: { title: 'not a version', explanation: 'The application version is none that can be compared.' },
  STY210: {
    title: 'declared twice',
    explanation: 'Two documents have the same identity; which of them counts is not for us to say.',
  },
  STY211: {
    title: 'two deployments with one id',
    explanation: 'The stable id names hostnames, labels and releases, so it belongs to one deployment.',
  },
  STY212: { title: 'two environments in one namespace', explanation: 'A namespace belongs to one environment.' },
  STY213: {
    title: 'a reserved namespace',
    explanation: 'Namespaces of Kubernetes itself and of Styrmin are not for applications.',
  },
  STY214: { title: 'a name becomes too long', explanation: 'Kubernetes allows 63 characters in names and labels.' },
  STY220: { title: 'no such parameter', explanation: 'The driver declares no parameter of this name.' },
  STY221: {
    title: 'a parameter of the wrong type',
    explanation: 'The value is of another type than the driver declares.',
  },
  STY222: {
    title: 'not one of the values of the parameter',
    explanation: 'An enum takes only the values listed in the driver.',
  },
  STY223: {
    title: 'the parameter does not match its pattern',
    explanation: 'The driver asks for texts of a certain form.',
  },
  STY224: { title: 'the parameter is out of range', explanation: 'The driver declares a minimum or maximum.' },
  STY225: { title: 'a parameter is missing', explanation: 'A parameter without default must be set.' },
  STY230: {
    title: 'no such component',
    explanation: 'Something is set for a component that the driver does not declare.',
  },
  STY231: {
    title: 'no such deployment to depend on',
    explanation: 'depends_on names deployments of the same environment.',
  },
  STY232: { title: 'deployments depend on each other in a circle', explanation: 'None of them could ever be first.' },
  STY240: {
    title: 'a deletion is held',
    explanation:
      'Something in the commit could hide the deployment, or its environment is protected; nothing is deleted by mistake.',
  },
} as const satisfies CodeCatalogue
