import type { DeploymentKey } from '../../domain/ids.ts'
import type { Instance } from '../../domain/instance.ts'
import { type Manifest, objectTitle } from '../../domain/manifest.ts'
import type { Problem } from '../../domain/problem.ts'
import type { SourceRef } from '../../domain/source.ts'
import { compareText, listAt, textAt } from '../../util/json.ts'
import { kindId } from './kinds.ts'

/** What one deployment wants for itself alone in its cluster. */
export interface Claims {
  readonly key: DeploymentKey
  readonly at: SourceRef
  /** Sorted; an object's text starts with its cluster, so equal texts are one object. */
  readonly objects: readonly string[]
  /** Host names, each with its cluster; sorted. */
  readonly hosts: readonly string[]
}

/** Lists what a deployment claims: its objects, and the host names of its services and Ingresses. */
export function claimsOf(
  { key, at, instance }: { readonly key: DeploymentKey; readonly at: SourceRef; readonly instance: Instance },
  manifests: readonly Manifest[],
): Claims {
  const { cluster, services } = instance
  const named = services.flatMap(({ primary_fqdn: primary, human_readable_fqdn: readable }) => [primary, readable])
  const hosts = [...named, ...manifests.flatMap(ingressHosts)].filter((host) => host !== '')
  return {
    key,
    at,
    objects: [...new Set(manifests.map(({ object }) => `${cluster} ${placeOf(object)}`))].sort(),
    hosts: [...new Set(hosts.map((host) => `${cluster} ${host}`))].sort(),
  }
}

function placeOf(object: Manifest['object']): string {
  const title = objectTitle({ kind: kindId(object), name: textAt(object, 'metadata', 'name') ?? '' })
  return `${textAt(object, 'metadata', 'namespace') ?? ''} ${title}`
}

function ingressHosts({ object }: Manifest): readonly string[] {
  if (kindId(object) !== 'networking.k8s.io/Ingress') return []
  return listAt(object, 'spec', 'rules').map((rule) => textAt(rule, 'host') ?? '')
}

/**
 * Finds objects and host names that two deployments claim.
 *
 * Order:  by the deployments' keys. One problem a pair, at the document of the one that comes later by key.
 * Errors: as problems that affect both: neither may win by chance.
 */
export function findCollisions(claims: readonly Claims[]): readonly Problem[] {
  const sorted = [...claims].sort((a, b) => compareText(a.key, b.key))
  return [...pairs(sorted, 'objects'), ...pairs(sorted, 'hosts')]
}

function pairs(claims: readonly Claims[], what: 'objects' | 'hosts'): readonly Problem[] {
  const owners = new Map<string, Claims>()
  const met = new Set<string>()
  return claims.flatMap((claim) =>
    claim[what].flatMap((text): readonly Problem[] => {
      const owner = owners.get(text)
      if (owner === undefined) owners.set(text, claim)
      if (owner === undefined || met.has(`${owner.key} ${claim.key}`)) return []
      met.add(`${owner.key} ${claim.key}`)
      return [what === 'objects' ? sameObject(owner, claim, text) : sameHost(owner, claim, text)]
    }),
  )
}

function sameObject(owner: Claims, claim: Claims, text: string): Problem {
  const [, namespace = '', id = ''] = text.split(' ')
  const title = id.slice(id.indexOf('/') + 1)
  return {
    code: 'STY340',
    severity: 'error',
    message: `${owner.key} and ${claim.key} both make ${title}${namespace === '' ? '' : ` in namespace ${namespace}`}`,
    hint: "Set fullnameOverride from the deployment's name in values.j2.yml, or put one of them into another environment.",
    at: claim.at,
    affects: [owner.key, claim.key],
  }
}

function sameHost(owner: Claims, claim: Claims, text: string): Problem {
  return {
    code: 'STY341',
    severity: 'error',
    message: `${owner.key} and ${claim.key} both want the host name ${text.slice(text.indexOf(' ') + 1)}`,
    hint: 'Rename the service in one driver, or use another fqdn_suffix for one of them.',
    at: claim.at,
    affects: [owner.key, claim.key],
  }
}
