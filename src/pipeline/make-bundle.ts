import { type Digest, toDigest } from '../domain/ids.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import type { Plan } from '../domain/plan.ts'
import type { Bundle } from '../domain/wire.ts'
import { canonicalJson, digestOfBytes } from '../util/digest.ts'
import { plainJson } from '../util/json.ts'

/** A plan with the Instances it leads from and to; of a deletion only the first is there, of a creation only the second. */
export interface BundleParts {
  readonly plan: Plan
  readonly before?: ResolvedInstance
  readonly after?: ResolvedInstance
}

/** A bundle, its canonical bytes as the agent fetches them, and their sha256. */
export interface MadeBundle {
  readonly bundle: Bundle
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** Everything the agent needs to carry out a plan. Errors: RangeError when both Instances are missing (our bug). */
export function makeBundle({ plan, before, after }: BundleParts): MadeBundle {
  const known = after ?? before
  if (known === undefined) throw new RangeError(`a bundle of ${plan.key} needs an instance`)
  const { instance, manifests, actions } = known
  const bundle: Bundle = {
    version: 1,
    deployment: {
      environment: instance.environment,
      name: instance.name,
      id: instance.id,
      namespace: instance.namespace,
    },
    release: instance.release,
    ...(after === undefined ? {} : { instance: after.instance.digest }),
    appVersion: instance.appVersion,
    ...(before === undefined ? {} : { previousVersion: before.instance.appVersion }),
    driver: { name: instance.driver.name, version: instance.driver.version },
    context: instance.context,
    components: instance.components,
    podSecurity: instance.policy.podSecurity,
    drift: instance.policy.drift,
    onFailure: instance.policy.onFailure,
    dependsOn: instance.dependsOn,
    manifests,
    actions,
    steps: plan.steps,
    class: plan.verdict.class,
  }
  const bytes = new TextEncoder().encode(canonicalJson(plainJson(bundle)))
  return { bundle, digest: toDigest(digestOfBytes(bytes)), bytes }
}
