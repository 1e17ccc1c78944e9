import type { CodeCatalogue } from './catalogue.ts'

/** What the server and its git repository can meet. */
export const SERVER_CODES = {
  STY400: {
    title: 'the configuration is wrong',
    explanation: 'A key of styrmin.config.yaml is missing, unknown or of the wrong kind.',
  },
  STY401: {
    title: 'the repository does not answer',
    explanation: 'The git server could not be reached or broke off; it is asked again with growing waits.',
  },
  STY402: {
    title: 'the repository refused',
    explanation: 'The credential for the host of the repository is missing, wrong, or may not do this.',
  },
  STY403: {
    title: 'no such repository or branch',
    explanation: 'The tracked branch, or the repository itself, does not exist.',
  },
  STY404: {
    title: 'a shallow clone',
    explanation: 'The history is cut off, so what changed since the last applied commit cannot be told.',
  },
  STY405: {
    title: 'a repository format that is not read',
    explanation: 'SHA-256 object ids, reftable, partial clones and alternates are not read.',
  },
  STY406: {
    title: 'the branch was rewound',
    explanation:
      'The head of the branch does not descend from the commit applied last; nothing is applied until a commit says so with a trailer.',
  },
  STY407: {
    title: 'everything would be deleted',
    explanation: 'A commit without any document of ours never deletes what runs.',
  },
  STY408: { title: 'the store is in use', explanation: 'Two servers must not write one store.' },
  STY409: {
    title: 'the store cannot be used',
    explanation: 'The store was written by a newer version, or is damaged.',
  },
  STY410: {
    title: 'git notes could not be written',
    explanation: 'The record of a commit could not be pushed; it is kept and tried again.',
  },
  STY411: {
    title: 'commit statuses could not be sent',
    explanation: 'The forge did not take a commit status; it is kept and tried again.',
  },
  STY412: { title: 'a git object cannot be read', explanation: 'An object that a commit needs is missing or damaged.' },
  STY413: {
    title: 'listening without authentication',
    explanation: 'Without authentication the server answers on loopback only.',
  },
  STY414: {
    title: 'a commit could not be resolved',
    explanation: 'The commit could not be rendered for a reason outside the repository; it is tried again.',
  },
  STY415: {
    title: 'a run failed',
    explanation:
      'The agent could not finish the plan; the earlier Instance stays the active one where nothing was changed.',
  },
  STY416: {
    title: 'the agent is silent',
    explanation: 'No report came for three beats; what is shown of the cluster is what was seen last.',
  },
  STY417: {
    title: 'the cluster differs from its document',
    explanation: 'The version that the agent reports is not the one that charts are rendered for.',
  },
  STY418: { title: 'the address is taken', explanation: 'Another process listens on the address of the server.' },
  STY419: { title: 'no such folder', explanation: 'The folder that was named does not exist.' },
  STY420: { title: 'a file cannot be read', explanation: 'A file of the folder exists, but reading it failed.' },
  STY421: {
    title: 'an Instance that the store does not know',
    explanation: 'The cluster runs something that this store never made, so what a change would do cannot be told.',
  },
} as const satisfies CodeCatalogue
