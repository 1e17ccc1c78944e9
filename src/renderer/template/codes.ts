import type { RENDERER_CODES } from '../../domain/codes/renderer.ts'

/** Each code of this part by what it is about. */
export const CODE_OF = {
  syntax: 'STY300',
  undefined: 'STY301',
  forbidden: 'STY302',
  limit: 'STY303',
  misuse: 'STY304',
  notYaml: 'STY305',
  notMapping: 'STY306',
  splice: 'STY307',
  ambiguous: 'STY308',
  unknown: 'STY309',
  deadline: 'STY310',
  memory: 'STY311',
  crash: 'STY312',
  answer: 'STY313',
  chart: 'STY314',
  actionLoad: 'STY315',
  actionFailed: 'STY316',
  warning: 'STY317',
  names: 'STY318',
  actionStuck: 'STY319',
} as const satisfies Readonly<Record<string, keyof typeof RENDERER_CODES>>

/** The short name of a code. */
export type RendererCode = keyof typeof CODE_OF
