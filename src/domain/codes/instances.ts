import type { CodeCatalogue } from './catalogue.ts'

/** Drivers, their charts and actions, and what makes an Instance of them. */
export const INSTANCE_CODES = {
  STY250: {
    title: 'chart source not read yet',
    explanation:
      "Charts are read from the driver's own folder; OCI and HTTP repositories and archives are not read yet.",
  },
  STY251: { title: 'no chart', explanation: 'The folder that the driver names holds no Chart.yaml.' },
  STY252: {
    title: 'unreadable chart',
    explanation: 'Chart.yaml or .helmignore of the chart cannot be read, so the chart cannot be loaded.',
  },
  STY253: {
    title: 'other chart version than pinned',
    explanation: "A driver pins its chart's version, so that a changed chart is never taken by accident.",
  },
  STY254: { title: 'no such action file', explanation: "An action names a file that is not in the driver's folder." },
  STY255: {
    title: 'driver version changed',
    explanation: 'A driver version is immutable: its content is part of every Instance made from it.',
  },
  STY256: {
    title: 'unreadable action',
    explanation: 'Actions are TypeScript with erasable types only, so that they run without being compiled.',
  },
  STY257: {
    title: 'forbidden import in an action',
    explanation:
      'An action imports only styrmin/actions and files of its driver, so that it can be reviewed as a whole.',
  },
  STY258: {
    title: 'no such function in an action file',
    explanation: 'The function an action names must be exported by its file.',
  },
  STY259: { title: 'driver file too large', explanation: 'A file of a driver or chart is larger than is read.' },
  STY260: {
    title: 'change not carried out',
    explanation: 'The change is understood, but would lose data or needs a procedure that does not exist yet.',
  },
  STY261: {
    title: 'link in a driver',
    explanation: 'Links could point out of the driver, so a driver with one is not read.',
  },
} as const satisfies CodeCatalogue
