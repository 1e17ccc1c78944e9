import type { Plan, Step } from '../../domain/plan.ts'
import { byText, listAt } from '../../util/json.ts'

/**
 * Which components are down, from the step that stops them to the step that starts them again.
 *
 * Order: by component, then first step. What is never started again is down until the last step.
 */
export function stoppedComponents(steps: readonly Step[], all: readonly string[]): Plan['stops'] {
  const open = new Map<string, number>()
  const stops: { component: string; fromStep: number; toStep: number }[] = []
  for (const step of steps) {
    for (const component of named(step, all, { primitive: 'stopComponents', kind: 'scale-down' })) {
      if (!open.has(component)) open.set(component, step.number)
    }
    for (const component of named(step, all, { primitive: 'startComponents', kind: 'scale-up' })) {
      const fromStep = open.get(component)
      if (fromStep !== undefined) stops.push({ component, fromStep, toStep: step.number })
      open.delete(component)
    }
  }
  for (const [component, fromStep] of open) stops.push({ component, fromStep, toStep: steps.length })
  return stops.sort(byText(({ component, fromStep }) => `${component}\0${String(fromStep).padStart(6, '0')}`))
}

function named(
  step: Step,
  all: readonly string[],
  what: { readonly primitive: string; readonly kind: Step['kind'] },
): readonly string[] {
  if (step.kind === what.kind) return all
  if (step.primitive !== what.primitive) return []
  return listAt(step.args, 'components').filter((component) => typeof component === 'string')
}
