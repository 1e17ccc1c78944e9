/** One entry of the error reference. */
export interface CodeEntry {
  readonly code: `STY${number}`
  readonly title: string
  readonly explanation: string
}

/** All codes a values template and the renderer process can give. Permanent: retired, never reused. */
export const RENDERER_CODES = {
  syntax: {
    code: 'STY300',
    title: 'The values template cannot be read',
    explanation: 'The Jinja2 syntax is wrong at this place, for example a tag that is not closed.',
  },
  undefined: {
    code: 'STY301',
    title: 'A name in the values template has no value',
    explanation:
      'A template never goes on with a missing value. Correct the name, or allow the gap with `is defined` or `| default(...)`.',
  },
  forbidden: {
    code: 'STY302',
    title: 'The values template uses something that is not allowed',
    explanation:
      'Templates are data from a pull request: no other files, no macros, no regular expressions, no internal names; lookups take a fixed key or a variable.',
  },
  limit: {
    code: 'STY303',
    title: 'The values template does too much',
    explanation: 'The work, the length of a list or the size of the output passed its limit.',
  },
  misuse: {
    code: 'STY304',
    title: 'A filter or operator got a value it cannot take',
    explanation: 'Values are never converted silently: adding a text to a number, or lower-casing a list, is an error.',
  },
  notYaml: {
    code: 'STY305',
    title: 'The values template does not give YAML',
    explanation: 'The text that the template gives cannot be read as YAML.',
  },
  notMapping: {
    code: 'STY306',
    title: 'The values template does not give a mapping',
    explanation: 'Helm values are one mapping of keys to values; an empty result counts as an empty mapping.',
  },
  splice: {
    code: 'STY307',
    title: 'A value would change the structure of the YAML around it',
    explanation:
      'A text put between the braces must arrive as that text. This one would be read as something else; `| tojson` writes it safely.',
  },
  ambiguous: {
    code: 'STY308',
    title: 'A value means different things to different YAML readers',
    explanation:
      'YAML 1.1 reads yes, no, on, off and numbers with leading zeros differently than YAML 1.2. Quote it, or write true or false.',
  },
  unknown: {
    code: 'STY309',
    title: 'The values template calls something that does not exist',
    explanation: 'The filters, tests, functions and methods are a fixed list.',
  },
  deadline: {
    code: 'STY310',
    title: 'Rendering took too long',
    explanation: 'The sandboxed process did not answer in time and was stopped. Other deployments are not affected.',
  },
  memory: {
    code: 'STY311',
    title: 'Rendering took too much memory',
    explanation: 'The sandboxed process passed its memory limit and was stopped. Other deployments are not affected.',
  },
  crash: {
    code: 'STY312',
    title: 'The renderer ended while it worked on this',
    explanation: 'The sandboxed process ended by itself. Other deployments are not affected.',
  },
  answer: {
    code: 'STY313',
    title: 'The renderer gave an answer that cannot be used',
    explanation: 'The answer was too large or had the wrong shape; the process was stopped.',
  },
  chart: {
    code: 'STY314',
    title: 'Helm cannot render the chart',
    explanation: 'The Helm engine refused the chart or these values; the message is its own.',
  },
  actionLoad: {
    code: 'STY315',
    title: 'The action code cannot be loaded',
    explanation: 'Action files are ECMAScript modules that import only `styrmin/actions` and files beside them.',
  },
  actionFailed: {
    code: 'STY316',
    title: 'The action failed when it was rehearsed',
    explanation:
      'Before anything is merged, actions run against a recording context to learn their steps; this one threw.',
  },
} as const satisfies Readonly<Record<string, CodeEntry>>

/** The short name of a code. */
export type RendererCode = keyof typeof RENDERER_CODES
