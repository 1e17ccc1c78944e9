import type { Problem } from '../../../domain/problem.ts'
import type { Builder } from '../builder.ts'

/** Something a person must know or mend. */
export function problemType(builder: Builder) {
  return builder.objectRef<Problem>('Problem').implement({
    description: 'Something a person must know or mend.',
    fields: (t) => ({
      code: t.string({ description: 'Permanent and searchable.', resolve: ({ code }) => code }),
      severity: t.exposeString('severity', { description: 'error or warning' }),
      message: t.exposeString('message'),
      hint: t.exposeString('hint', { description: 'What to do now.' }),
      file: t.string({ nullable: true, resolve: ({ at }) => at?.file ?? null }),
      line: t.int({ nullable: true, resolve: ({ at }) => at?.line ?? null }),
      col: t.int({ nullable: true, resolve: ({ at }) => at?.col ?? null }),
      affects: t.stringList({
        description: 'Deployments that keep what they run because of it, as environment/name.',
        resolve: ({ affects }) => [...(affects ?? [])],
      }),
    }),
  })
}

export type ProblemType = ReturnType<typeof problemType>
