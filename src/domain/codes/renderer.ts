import type { CodeCatalogue } from './catalogue.ts'

/** What a values template, a chart, a rehearsed action and the renderer process can give. */
export const RENDERER_CODES = {
  STY300: {
    title: 'the values template cannot be read',
    explanation: 'The Jinja2 syntax is wrong at this place, for example a tag that is not closed.',
  },
  STY301: {
    title: 'a name in the values template has no value',
    explanation:
      'A template never goes on with a missing value. Correct the name, or allow the gap with `is defined` or `| default(...)`.',
  },
  STY302: {
    title: 'the values template uses something that is not allowed',
    explanation:
      'Templates are data from a pull request: no other files, no macros, no regular expressions, no internal names; lookups take a fixed key or a variable.',
  },
  STY303: {
    title: 'the values template does too much',
    explanation: 'The work, the length of a list or the size of the output passed its limit.',
  },
  STY304: {
    title: 'a filter or operator got a value it cannot take',
    explanation: 'Values are never converted silently: adding a text to a number, or lower-casing a list, is an error.',
  },
  STY305: {
    title: 'the values template does not give YAML',
    explanation: 'The text that the template gives cannot be read as YAML.',
  },
  STY306: {
    title: 'the values template does not give a mapping',
    explanation: 'Helm values are one mapping of keys to values; an empty result counts as an empty mapping.',
  },
  STY307: {
    title: 'a value would change the structure of the YAML around it',
    explanation:
      'A text put between the braces must arrive as that text. This one would be read as something else; `| tojson` writes it safely.',
  },
  STY308: {
    title: 'a value means different things to different YAML readers',
    explanation:
      'YAML 1.1 reads yes, no, on, off and numbers with leading zeros differently than YAML 1.2. Quote it, or write true or false.',
  },
  STY309: {
    title: 'the values template calls something that does not exist',
    explanation: 'The filters, tests, functions and methods are a fixed list.',
  },
  STY310: {
    title: 'rendering took too long',
    explanation: 'The sandboxed process did not answer in time and was stopped. Other deployments are not affected.',
  },
  STY311: {
    title: 'rendering took too much memory',
    explanation: 'The sandboxed process passed its memory limit and was stopped. Other deployments are not affected.',
  },
  STY312: {
    title: 'the renderer ended while it worked on this',
    explanation: 'The sandboxed process ended by itself. Other deployments are not affected.',
  },
  STY313: {
    title: 'the renderer gave an answer that cannot be used',
    explanation: 'The answer was too large or had the wrong shape; the process was stopped.',
  },
  STY314: {
    title: 'Helm cannot render the chart',
    explanation: 'The Helm engine refused the chart or these values; the message is its own.',
  },
  STY315: {
    title: 'the action code cannot be loaded',
    explanation: 'Action files are ECMAScript modules that import only `styrmin/actions` and files beside them.',
  },
  STY316: {
    title: 'the action failed when it was rehearsed',
    explanation:
      'Before anything is merged, actions run against a recording context to learn their steps; this one threw.',
  },
  STY317: {
    title: 'Helm warns about the chart',
    explanation: 'Helm rendered the chart and had something to say; the message is its own.',
  },
  STY318: {
    title: 'names in the chart depend on chance',
    explanation:
      'Generated values are allowed as values only: an object whose kind, name or place differs from render to render cannot be kept.',
  },
  STY319: {
    title: 'the action does not come to its end',
    explanation: 'When it was rehearsed it waited for something that never happens: only primitives can be waited for.',
  },
} as const satisfies CodeCatalogue
