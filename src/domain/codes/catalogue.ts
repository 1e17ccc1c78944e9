import type { ProblemCode } from '../problem.ts'

/** Codes with their titles and explanations; the reference page is made from it. */
export type CodeCatalogue = Readonly<Record<ProblemCode, { readonly title: string; readonly explanation: string }>>
