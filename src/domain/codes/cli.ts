import type { CodeCatalogue } from './catalogue.ts'

/** What the command line itself refuses. */
export const CLI_CODES = {
  STY600: { title: 'wrong usage', explanation: 'A command was called with arguments it does not take.' },
  STY601: {
    title: 'no such bundled driver',
    explanation: 'Only the drivers that come with Styrmin can be added by name.',
  },
  STY602: {
    title: 'the driver is there already',
    explanation: 'Adding a driver never overwrites files of the repository.',
  },
  STY603: {
    title: 'no such revision',
    explanation: 'A branch, tag or commit named on the command line is not in the repository.',
  },
  STY604: {
    title: 'not a git repository',
    explanation: 'Comparing commits needs a git checkout; a plain folder has no history.',
  },
  STY605: {
    title: 'no such deployment',
    explanation: 'No deployment of that environment and name is in what was read.',
  },
  STY606: { title: 'the server does not answer', explanation: 'The address is wrong, or the server is not running.' },
  STY607: { title: 'the server refused', explanation: 'The token is missing, wrong, or may not read this.' },
  STY608: { title: 'not done in time', explanation: 'What was waited for did not happen before the time-out.' },
  STY609: {
    title: 'a deletion is held',
    explanation: 'A document is gone, but an error elsewhere could hide it, or its environment is protected.',
  },
} as const satisfies CodeCatalogue
